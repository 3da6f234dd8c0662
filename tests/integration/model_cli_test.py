"""samcache model, samcache bench, and what the program says about itself."""

import json
import os
import shutil
import unittest

from command_line import DONE, FAILED, IMAGE, MODEL, NOT_FOUND, TEST_DATA, USAGE, CommandLineTest, safetensors_header


class Model(CommandLineTest):
    def copy_of_model(self):
        copy = self.folder / "copy"
        shutil.copytree(MODEL, copy)
        return copy

    def test_info_says_what_the_checkpoint_is(self):
        info = self.run_json("model", "info", MODEL)
        header, _ = safetensors_header(MODEL / "model.safetensors")
        header.pop("__metadata__", None)
        self.assertEqual(info["naming"], "Hugging Face")
        self.assertEqual(info["files"], ["model.safetensors"])
        self.assertEqual(info["tensors"], len(header))
        self.assertEqual(info["size_bytes"], (MODEL / "model.safetensors").stat().st_size)
        self.assertEqual(len(info["fingerprint"]), 32)
        self.assertEqual((info["missing"], info["unknown"], info["converted"]), ([], [], []))
        self.assertEqual(info["config"]["low_res_mask_size"], 48)
        done = self.run_samcache("model", "info", MODEL)
        self.assertEqual(done.returncode, DONE)
        self.assertIn(info["fingerprint"], done.stdout)
        self.assertEqual(info["tokenizer"], {"tokens": 49408})

    def test_info_says_what_is_missing_for_texts(self):
        copy = self.copy_of_model()
        (copy / "bpe_simple_vocab_16e6.txt.gz").unlink()
        self.assertIn("tokenizer.json", self.run_json("model", "info", copy)["tokenizer"]["problem"])
        self.assertIn("no texts can be asked for", self.run_samcache("model", "info", copy).stdout)

    def test_both_namings_of_one_model_have_one_fingerprint(self):
        infos = {}
        for naming in ("hf", "meta"):
            out = self.folder / naming
            done = self.run_samcache(
                "model", "init", "--config", MODEL / "config.json", "--out", out, "--naming", naming
            )
            self.assertEqual((done.returncode, done.stderr), (DONE, ""))
            infos[naming] = self.run_json("model", "info", out)
        self.assertEqual(infos["meta"]["naming"], "Meta")
        self.assertEqual(infos["hf"]["fingerprint"], infos["meta"]["fingerprint"])

    def test_init_makes_the_same_file_every_time_and_it_works(self):
        for name in ("a", "b"):
            done = self.run_samcache("model", "init", "--config", MODEL / "config.json", "--out", self.folder / name)
            self.assertEqual(done.returncode, DONE, done.stderr)
        first, second = ((self.folder / name / "model.safetensors").read_bytes() for name in ("a", "b"))
        self.assertEqual(first, second)
        answer = self.run_json("segment", IMAGE, "--point", "10,10", model=self.folder / "a")
        self.assertEqual(len(answer["masks"]), 1)

    def test_init_replaces_no_weights_unless_told_to(self):
        copy = self.copy_of_model()
        before = (copy / "model.safetensors").read_bytes()
        ask = ["model", "init", "--config", MODEL / "config.json", "--out", copy]
        self.assert_fails(self.run_samcache(*ask), FAILED, "--force")
        self.assertEqual((copy / "model.safetensors").read_bytes(), before)
        self.assertEqual(self.run_samcache(*ask, "--force").returncode, DONE)

    def test_a_converted_copy_is_found_and_noticed_when_stale(self):
        copy = self.copy_of_model()
        fingerprint = self.run_json("model", "info", copy)["fingerprint"]
        done = self.run_samcache("model", "convert", copy, "--dtype", "bf16")
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        self.assertEqual(done.stdout.strip(), str(copy / "model.bf16.safetensors"))
        info = self.run_json("model", "info", copy)
        self.assertEqual([c["state"] for c in info["converted"]], ["current"])
        self.assertEqual(info["fingerprint"], fingerprint)
        bf16 = {"SAMCACHE_PRECISION": "bf16"}
        self.run_json("segment", IMAGE, "--point", "10,10", model=copy, environment=bf16)
        os.utime(copy / "model.safetensors", (1, 1))
        info = self.run_json("model", "info", copy)
        self.assertEqual([c["state"] for c in info["converted"]], ["stale"])

    def test_a_truncated_checkpoint_is_one_error_and_nothing_is_written(self):
        copy = self.copy_of_model()
        weights = copy / "model.safetensors"
        content = weights.read_bytes()
        before = sorted(p.name for p in copy.iterdir())
        for size in (0, 7, 1000, len(content) // 2, len(content) - 1):
            weights.write_bytes(content[:size])
            for arguments in (["model", "info", copy], ["encode", IMAGE], ["segment", IMAGE, "--point", "1,1"],
                              ["model", "convert", copy]):
                self.assert_fails(self.run_samcache(*arguments, model=copy), FAILED, weights)
        self.assertEqual(self.stored_files(), [])
        self.assertEqual(sorted(p.name for p in copy.iterdir()), before)

    def test_a_truncated_pt_checkpoint_is_one_error(self):
        source = TEST_DATA / "tiny_meta"
        copy = self.folder / "meta"
        shutil.copytree(source, copy)
        (weights,) = copy.glob("*.pt")
        weights.write_bytes(weights.read_bytes()[:-1000])
        self.assert_fails(self.run_samcache("model", "info", copy), FAILED, weights)

    def test_a_checkpoint_of_other_sizes_names_a_tensor(self):
        copy = self.copy_of_model()
        config = json.loads((copy / "config.json").read_text())
        config["detector_config"]["vision_config"]["backbone_config"]["intermediate_size"] += 16
        (copy / "config.json").write_text(json.dumps(config))
        self.assert_fails(self.run_samcache("encode", IMAGE, model=copy), FAILED, "fc1")
        self.assertEqual(self.stored_files(), [])

    def test_a_checkpoint_of_another_kind_of_model_is_refused(self):
        other = self.folder / "other"
        other.mkdir()
        self.run_json("encode", IMAGE)
        (encoding,) = self.stored_files()
        shutil.copy(encoding, other / "model.safetensors")
        shutil.copy(MODEL / "config.json", other)
        self.assert_fails(self.run_samcache("encode", IMAGE, model=other), FAILED, "trunk")

    def test_a_model_that_is_not_there_is_not_found(self):
        for arguments in (["model", "info", "nowhere"], ["encode", IMAGE], ["model", "convert", "nowhere"]):
            done = self.run_samcache(*arguments, model="nowhere")
            self.assert_fails(done, NOT_FOUND, "nowhere")

    def test_wrong_usage(self):
        out = self.folder / "out"
        for arguments in (
            ["model"],
            ["model", "init", "--out", out],
            ["model", "init", "--config", "released"],
            ["model", "init", "--config", "released", "--out", out, "--dtype", "int4"],
            ["model", "init", "--config", "released", "--out", out, "--naming", "esperanto"],
            ["model", "convert", MODEL, "--dtype", "int4"],
        ):
            self.assert_fails(self.run_samcache(*arguments), USAGE)
        self.assertFalse(out.exists())
        self.assert_fails(
            self.run_samcache("model", "init", "--config", "nowhere.json", "--out", out), NOT_FOUND, "nowhere.json"
        )


class Program(CommandLineTest):
    def test_help_lists_commands_and_every_command_has_its_own(self):
        done = self.run_samcache("--help")
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        for word in ("encode", "segment", "model", "bench", "SAMCACHE_MODEL", "--config", "3 not found"):
            self.assertIn(word, done.stdout)
        for command, word in (("encode", "--profile"), ("segment", "--point"), ("bench", "--quick")):
            done = self.run_samcache(command, "--help")
            self.assertEqual(done.returncode, DONE)
            self.assertIn(word, done.stdout)
            self.assertIn("--model", done.stdout)
        self.assertIn("--naming", self.run_samcache("model", "init", "--help").stdout)

    def test_version(self):
        done = self.run_samcache("--version")
        self.assertEqual(done.returncode, DONE)
        self.assertRegex(done.stdout, r"^samcache \d+\.\d+\.\d+\n(\w+ +\S.*\n)+$")
        self.assertEqual(self.run_json("--version")["version"], done.stdout.split()[1])

    def test_json_at_the_top_is_for_the_version_alone(self):
        done = self.run_samcache("--json", "encode", IMAGE)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("--json requires --version", done.stderr)

    def test_bench_measures_against_limits(self):
        report = self.run_json("bench", "--quick")
        self.assertEqual(
            sorted(report), sorted(["samcache", "created_at", "machine", "model", "image", "rounds", "rows"])
        )
        rows = {row["name"]: row for row in report["rows"]}
        for name in ("model_load", "encode", "encode_peak_memory", "derive_interactive", "load_encoding", "click"):
            row = rows[name]
            self.assertEqual(sorted(row), ["limit", "name", "note", "ratio", "unit", "value"])
            self.assertGreater(row["value"], 0)
            self.assertAlmostEqual(row["ratio"], row["value"] / row["limit"])
        self.assertEqual(self.stored_files(), [])

    def test_bench_prints_a_table(self):
        done = self.run_samcache("bench", "--quick", "--image", IMAGE)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn("150x113", done.stdout)
        for name in ("encode", "click"):
            self.assertRegex(done.stdout, rf"(?m)^{name} ")


if __name__ == "__main__":
    unittest.main()
