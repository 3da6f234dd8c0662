"""samcache encode, as a user runs it."""

import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import unittest
import uuid

from command_line import (
    BINARY,
    DONE,
    FAILED,
    IMAGE,
    IMAGE_SIZE,
    IMAGES,
    MODEL,
    NOT_FOUND,
    OTHER_IMAGE,
    USAGE,
    CommandLineTest,
    safetensors_header,
)


class Encode(CommandLineTest):
    def test_the_answer_has_the_documented_shape(self):
        answer = self.run_json("encode", IMAGE)
        self.assertEqual(list(answer), ["images"])
        (image,) = answer["images"]
        self.assertEqual(
            sorted(image),
            sorted(["id", "file", "sha256", "width", "height", "encodings", "latency_ms", "skipped"]),
        )
        self.assertEqual(str(uuid.UUID(image["id"])), image["id"])
        self.assertEqual(image["file"], str(IMAGE))
        self.assertEqual(image["sha256"], hashlib.sha256(IMAGE.read_bytes()).hexdigest())
        self.assertEqual((image["width"], image["height"]), IMAGE_SIZE)
        self.assertGreater(image["latency_ms"], 0)
        self.assertIs(image["skipped"], False)
        (encoding,) = image["encodings"]
        self.assertEqual(sorted(encoding), ["dtype", "profile", "size_bytes"])
        (path,) = self.stored_files()
        self.assertEqual(encoding, {"profile": "trunk", "dtype": "bf16", "size_bytes": path.stat().st_size})

    def test_the_file_is_an_encoding_file(self):
        image = self.run_json("encode", IMAGE)["images"][0]
        (path,) = self.stored_files()
        header, data_bytes = safetensors_header(path)
        metadata = header.pop("__metadata__")
        self.assertEqual(path.name, f"{image['id']}.trunk.safetensors")
        self.assertEqual(path.parent.name, metadata["model_fingerprint"])
        self.assertEqual(path.parent.parent, self.data / "encodings")
        self.assertEqual(metadata["format"], "samcache.encoding")
        self.assertEqual(metadata["image_sha256"], image["sha256"])
        self.assertEqual(metadata["image_id"], image["id"])
        self.assertEqual(list(header), ["trunk"])
        self.assertEqual(header["trunk"]["data_offsets"], [0, data_bytes])

    def test_what_is_there_is_skipped_and_left_untouched(self):
        self.run_json("encode", IMAGE)
        (path,) = self.stored_files()
        before = (path.stat().st_mtime_ns, path.stat().st_ino)
        image = self.run_json("encode", IMAGE)["images"][0]
        self.assertIs(image["skipped"], True)
        self.assertEqual((path.stat().st_mtime_ns, path.stat().st_ino), before)
        self.assertIs(self.run_json("encode", IMAGE, "--force")["images"][0]["skipped"], False)
        self.assertNotEqual(path.stat().st_ino, before[1])

    def test_the_same_picture_under_another_name_is_the_same_image(self):
        first = self.run_json("encode", IMAGE)["images"][0]
        copy = self.folder / "copy.png"
        shutil.copy(IMAGE, copy)
        second = self.run_json("encode", copy)["images"][0]
        self.assertEqual(first["id"], second["id"])
        self.assertIs(second["skipped"], True)

    def test_missing_profiles_come_from_the_stored_trunk_and_are_the_same_bytes(self):
        profiles = "trunk,interactive,detector"
        self.run_json("encode", IMAGE, "--profile", profiles)
        at_once = {path.name: self.tensor_bytes(path) for path in self.stored_files()}
        shutil.rmtree(self.data)
        self.run_json("encode", IMAGE)
        answer = self.run_json("encode", IMAGE, "--profile", profiles)
        self.assertEqual([e["profile"] for e in answer["images"][0]["encodings"]], profiles.split(","))
        later = {path.name: self.tensor_bytes(path) for path in self.stored_files()}
        self.assertEqual(len(later), 3)
        self.assertEqual(later, at_once)

    @staticmethod
    def tensor_bytes(path):
        _, data_bytes = safetensors_header(path)
        return hashlib.sha256(path.read_bytes()[-data_bytes:]).hexdigest()

    def test_a_folder_means_its_images(self):
        answer = self.run_json("encode", IMAGES)
        files = [image["file"] for image in answer["images"]]
        self.assertEqual(files, sorted(str(path) for path in IMAGES.iterdir()))

    def test_one_bad_file_does_not_stop_the_others(self):
        broken = self.folder / "broken.png"
        broken.write_bytes(IMAGE.read_bytes()[:1000])
        done = self.run_samcache("encode", broken, IMAGE, self.folder / "nowhere.png", OTHER_IMAGE, "--json")
        self.assertEqual(done.returncode, FAILED)
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual([i["file"] for i in answer["images"]], [str(IMAGE), str(OTHER_IMAGE)])
        self.assertEqual([e["file"] for e in answer["errors"]], [str(broken), str(self.folder / "nowhere.png")])
        for error in answer["errors"]:
            self.assertIn(error["file"], error["detail"])
        self.assertEqual(len(self.stored_files()), 2)

    def test_broken_images_leave_nothing(self):
        for name, content in {
            "empty.png": b"",
            "text.png": b"hello",
            "cut.png": IMAGE.read_bytes()[:-500],
            "svg.png": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        }.items():
            path = self.folder / name
            path.write_bytes(content)
            self.assert_fails(self.run_samcache("encode", path), FAILED, path)
        self.assertEqual(self.stored_files(), [])

    def test_a_file_that_is_not_there_is_not_found(self):
        self.assert_fails(self.run_samcache("encode", "nowhere.png"), NOT_FOUND, "nowhere.png")

    def test_a_damaged_stored_file_is_made_anew(self):
        self.run_json("encode", IMAGE)
        (path,) = self.stored_files()
        good = self.tensor_bytes(path)
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        done = self.run_samcache("encode", IMAGE, "--json")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn("warning", done.stderr)
        self.assertIs(json.loads(done.stdout)["images"][0]["skipped"], False)
        self.assertEqual(self.tensor_bytes(path), good)

    def test_the_type_asked_for_is_stored(self):
        self.run_json("encode", IMAGE)
        answer = self.run_json("encode", IMAGE, "--encoding-dtype", "fp32")
        self.assertEqual(answer["images"][0]["encodings"][0]["dtype"], "fp32")
        header, _ = safetensors_header(self.stored_files()[0])
        self.assertEqual(header["trunk"]["dtype"], "F32")
        self.assertIs(self.run_json("encode", IMAGE)["images"][0]["skipped"], True)  # any type will do

    def test_wrong_usage_is_one_line_and_exit_code_2(self):
        for arguments in (
            ["encode"],
            ["encode", IMAGE, "--profile", "everything"],
            ["encode", IMAGE, "--profile", "trunk,trunk"],
            ["encode", IMAGE, "--encoding-dtype", "int8"],
            ["encode", IMAGE, "--device", "abacus"],
            ["encode", IMAGE, "--precision", "fp12"],
            ["encode", IMAGE, "--threads", "many"],
            ["encode", IMAGE, "--nonsense"],
            ["nonsense"],
            [],
        ):
            self.assert_fails(self.run_samcache(*arguments), USAGE)
        self.assertEqual(self.stored_files(), [])


class FlagsFileAndEnvironment(CommandLineTest):
    def write_config(self, text):
        path = self.folder / "samcache.toml"
        path.write_text(text)
        return path

    def data_used(self, *arguments, **options):
        answer = self.run_json("encode", IMAGE, *arguments, **options)
        self.assertTrue(answer["images"])
        return {path.parent.name for path in self.folder.rglob("encodings")}

    def test_the_environment_is_used_when_nothing_else_is_said(self):
        self.assertEqual(self.data_used(environment={"SAMCACHE_DATA": str(self.folder / "env")}), {"env"})

    def test_the_file_wins_over_the_environment(self):
        config = self.write_config(f'data = "{self.folder}/file"\n')
        used = self.data_used("--config", config, environment={"SAMCACHE_DATA": str(self.folder / "env")})
        self.assertEqual(used, {"file"})

    def test_flags_win_over_both(self):
        config = self.write_config(f'data = "{self.folder}/file"\n')
        used = self.data_used(
            "--config", config, "--data", self.folder / "flag", environment={"SAMCACHE_DATA": str(self.folder / "env")}
        )
        self.assertEqual(used, {"flag"})

    def test_a_command_has_a_section_of_its_own(self):
        config = self.write_config('[encode]\nprofile = "interactive"\n')
        answer = self.run_json("encode", IMAGE, "--config", config)
        self.assertEqual(answer["images"][0]["encodings"][0]["profile"], "interactive")

    def test_a_file_with_unknown_words_is_wrong_usage(self):
        config = self.write_config('dta = "x"\n')
        self.assert_fails(self.run_samcache("encode", IMAGE, "--config", config), USAGE, "dta")


class WhenThingsGoWrong(CommandLineTest):
    def test_a_file_over_the_size_limit_leaves_nothing_half_written(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

        done = self.run_samcache("encode", IMAGE, preexec_fn=limit)
        self.assert_fails(done, FAILED, IMAGE)
        self.assertEqual(self.stored_files(), [])

    def test_a_full_disk_leaves_nothing_half_written(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = shutil.which("mount") and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], stderr=subprocess.DEVNULL
        )
        if not mounted or mounted.returncode != 0:
            self.skipTest("needs the right to mount a small file system")
        self.addCleanup(subprocess.run, ["umount", disk])
        done = self.run_samcache("encode", IMAGE, "--data", disk)
        self.assert_fails(done, FAILED, "space")
        self.assertEqual([path for path in disk.rglob("*") if path.is_file() and path.name != ".lock"], [])

    def test_a_data_folder_that_cannot_be_made_is_one_error(self):
        (self.folder / "file").write_text("x")
        done = self.run_samcache("encode", IMAGE, "--data", self.folder / "file")
        self.assertNotEqual(done.returncode, DONE)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_full_stdout_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = self.run_samcache("encode", IMAGE, "--json", stdout=full)
        self.assert_fails(done, FAILED, "stdout")

    def test_a_closed_stdout_is_an_error_and_no_crash(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            done = self.run_samcache("encode", IMAGE, "--json", stdout=pipe)
        self.assert_fails(done, FAILED, "stdout")

    def test_interrupting_leaves_whole_files_only(self):
        for number in range(40):  # enough work to be interrupted in the middle of it
            (self.folder / f"{number:02}.png").write_bytes(IMAGE.read_bytes() + bytes([number]))
        images = sorted(self.folder.glob("*.png"))
        environment = dict(os.environ, SAMCACHE_MODEL=str(MODEL), SAMCACHE_DATA=str(self.data))
        process = subprocess.Popen(
            [BINARY, "encode", *images], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        process.stdout.readline()  # the first image is done
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, stderr)
        self.assertEqual(len(stderr.splitlines()), 1, stderr)
        self.assertTrue(stderr.startswith("samcache: "), stderr)
        stored = self.stored_files()
        self.assertTrue(1 <= len(stored) < len(images), stored)
        for path in stored:
            header, data_bytes = safetensors_header(path)
            self.assertEqual(header["trunk"]["data_offsets"][1], data_bytes)

    def test_what_a_killed_run_left_is_swept(self):
        self.run_json("encode", IMAGE)
        (stored,) = self.stored_files()
        abandoned = stored.parent / f".{stored.name}.4711-0123456789abcdef.tmp"
        abandoned.write_bytes(b"half")
        self.run_json("encode", IMAGE)
        self.assertFalse(abandoned.exists())


if __name__ == "__main__":
    unittest.main()
