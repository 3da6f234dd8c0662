"""samcache export-onnx: what it writes and what it refuses. What the files answer is tested in tests/onnx."""

import shutil
import unittest

from command_line import DONE, FAILED, MODEL, NOT_FOUND, USAGE, CommandLineTest

PARTS = [
    "vision_encoder", "trunk", "neck", "detector_neck", "prompt_encoder_mask_decoder",
    "prompt_encoder_mask_decoder_with_mask", "text_encoder", "concept_decoder",
]


class ExportOnnx(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"

    def export(self, *arguments, **options):
        return self.run_samcache("export-onnx", "--out", self.out, *arguments, **options)

    def written(self):
        return sorted(path.name for path in self.out.iterdir()) if self.out.exists() else []

    def test_all_parts_are_written_and_reported(self):
        report = self.run_json("export-onnx", "--part", "all", "--out", self.out)
        self.assertEqual([file["part"] for file in report["files"]], PARTS)
        self.assertEqual(report["model_fingerprint"], self.run_json("model", "info", MODEL)["fingerprint"])
        self.assertEqual(report["dtype"], "fp32")
        for file in report["files"]:
            self.assertEqual(file["file"], str(self.out / (file["part"] + ".onnx")))
            self.assertEqual(file["size_bytes"], (self.out / (file["part"] + ".onnx")).stat().st_size)
        self.assertEqual(self.written(), sorted(part + ".onnx" for part in PARTS))

    def test_parts_are_written_once_each_however_often_they_are_named(self):
        done = self.export("--part", "neck,trunk", "--part", "neck", "--dtype", "fp16")
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        self.assertEqual(self.written(), ["neck_fp16.onnx", "trunk_fp16.onnx"])
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_external_data_is_a_second_file(self):
        done = self.export("--part", "trunk", "--external-data")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(self.written(), ["trunk.onnx", "trunk.onnx_data"])
        self.assertIn(str((self.out / "trunk.onnx_data").stat().st_size), done.stdout)

    def test_the_same_model_gives_the_same_bytes(self):
        self.export("--part", "concept_decoder")
        first = (self.out / "concept_decoder.onnx").read_bytes()
        self.export("--part", "concept_decoder")
        self.assertEqual((self.out / "concept_decoder.onnx").read_bytes(), first)

    def test_wrong_usage_is_one_error_and_nothing_is_written(self):
        self.assert_fails(self.export("--part", "decoder"), USAGE, "decoder", "prompt_encoder_mask_decoder", "all")
        self.assert_fails(self.export("--part", "neck", "--dtype", "bf16"), USAGE, "bf16", "fp16")
        self.assert_fails(self.export(), USAGE, "--part")
        self.assert_fails(self.run_samcache("export-onnx", "--part", "neck"), USAGE, "--out")
        self.assertEqual(self.written(), [])

    def test_a_folder_that_cannot_be_written_is_one_error(self):
        self.out.write_text("a file")
        self.assert_fails(self.export("--part", "neck"), FAILED, self.out)

    def test_a_model_that_is_missing_or_lacks_weights_is_one_error(self):
        self.assert_fails(self.export("--part", "neck", model="nowhere"), NOT_FOUND, "nowhere")
        copy = self.folder / "copy"
        shutil.copytree(MODEL, copy)
        content = (copy / "model.safetensors").read_bytes()
        renamed = content.replace(b"tracker_model.mask_decoder.conv_s0.weight", b"tracker_model.mask_decoder.conv_sX.weight")
        self.assertNotEqual(renamed, content)
        (copy / "model.safetensors").write_bytes(renamed)
        self.assert_fails(self.export("--part", "neck", model=copy), FAILED, "conv_s0")
        self.assertEqual(self.written(), [])


if __name__ == "__main__":
    unittest.main()
