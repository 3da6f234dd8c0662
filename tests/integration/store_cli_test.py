"""`samcache store …` and --store, on the tiny model."""

import json
import os
import shutil
import unittest

from command_line import DONE, FAILED, IMAGE, NOT_FOUND, OTHER_IMAGE, USAGE, CommandLineTest, safetensors_header


class Store(CommandLineTest):
    def encode(self, *arguments):
        return self.run_json("encode", IMAGE, *arguments)["images"][0]["id"]

    def names(self, *arguments):
        answer = self.run_json("store", "ls", *arguments)
        return [(one["id"], one["profile"]) for one in answer["encodings"]]

    def test_an_empty_store_is_no_error_and_makes_no_folder(self):
        self.assertEqual(self.names(), [])
        self.assertFalse(self.data.exists())

    def test_ls_shows_what_encode_kept(self):
        image = self.encode("--profile", "trunk,interactive")
        other = self.run_json("encode", OTHER_IMAGE)["images"][0]["id"]
        expected = sorted([(image, "interactive"), (image, "trunk"), (other, "trunk")])
        self.assertEqual(sorted(self.names()), expected)
        self.assertEqual(self.names(other[:8]), [(other, "trunk")])
        listed = self.run_samcache("store", "ls").stdout
        self.assertEqual(len(listed.splitlines()), 3)
        self.assert_fails(self.run_samcache("store", "ls", "ffffffff"), NOT_FOUND, "ffffffff")
        self.assert_fails(self.run_samcache("store", "ls", "nonsense"), USAGE, "nonsense")

    def test_stats_count_bytes(self):
        self.encode()
        stats = self.run_json("store", "stats")
        self.assertEqual(stats["encodings"], 1)
        self.assertEqual(stats["size_bytes"], self.stored_files()[0].stat().st_size)
        self.assertEqual([tier["kind"] for tier in stats["tiers"]], ["disk"])

    def test_get_writes_the_stored_file_and_derives_what_is_not_there(self):
        image = self.encode()
        out = self.folder / "trunk.safetensors"
        self.assertEqual(self.run_samcache("store", "get", image, "--out", out).returncode, DONE)
        self.assertEqual(out.read_bytes()[4096:], self.stored_files()[0].read_bytes()[4096:])
        derived = self.folder / "interactive.safetensors"
        done = self.run_samcache("store", "get", image[:8], "--profile", "interactive", "--out", derived)
        self.assertEqual(done.returncode, DONE, done.stderr)
        header, _ = safetensors_header(derived)
        self.assertIn("image_embeddings.0", header)
        half = self.folder / "half.safetensors"
        self.run_samcache("store", "get", image, "--encoding-dtype", "fp16", "--out", half)
        self.assertEqual(safetensors_header(half)[0]["trunk"]["dtype"], "F16")

    def test_get_in_the_seed_layout(self):
        image = self.encode()
        out = self.folder / "seed.safetensors"
        done = self.run_samcache("store", "get", image, "--layout", "seed", "--out", out)
        self.assertEqual(done.returncode, DONE, done.stderr)
        header, _ = safetensors_header(out)
        for level in range(4):
            self.assertIn(f"backbone_fpn_{level}", header)
            self.assertIn(f"vision_pos_enc_{level}", header)
        metadata = json.loads(out.with_suffix(".meta.json").read_text())
        self.assertEqual(sorted(metadata), ["created_at", "original_height", "original_width"])
        self.assert_fails(
            self.run_samcache("store", "get", image, "--layout", "seed", "--profile", "detector", "--out", out), USAGE
        )
        self.assert_fails(self.run_samcache("store", "get", image, "--layout", "x", "--out", out), USAGE, "layout")

    def test_put_keeps_what_get_wrote(self):
        image = self.encode()
        out = self.folder / "kept.safetensors"
        self.run_samcache("store", "get", image, "--out", out)
        shutil.rmtree(self.data)
        self.assertEqual(self.run_json("store", "put", out)["encodings"][0]["id"], image)
        self.assertEqual(self.names(), [(image, "trunk")])
        damaged = self.folder / "damaged.safetensors"
        content = bytearray(out.read_bytes())
        content[-3] ^= 4
        damaged.write_bytes(content)
        self.assert_fails(self.run_samcache("store", "put", damaged), FAILED, "damaged.safetensors")

    def test_rm_removes_what_it_was_told_to(self):
        image = self.encode("--profile", "trunk,interactive")
        self.assertEqual(self.run_samcache("store", "rm", image, "--profile", "interactive").returncode, DONE)
        self.assertEqual(self.names(), [(image, "trunk")])
        self.assertEqual(self.run_samcache("store", "rm", image).returncode, DONE)
        self.assertEqual(self.names(), [])
        self.assert_fails(self.run_samcache("store", "rm", image), NOT_FOUND, image)
        self.assert_fails(self.run_samcache("store", "rm"), USAGE)

    def test_verify_finds_a_flipped_bit_and_puts_it_aside(self):
        self.encode()
        self.assertEqual(self.run_samcache("store", "verify").returncode, DONE)
        (path,) = self.stored_files()
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        done = self.run_samcache("store", "verify", "--json")
        self.assertEqual(done.returncode, FAILED)
        (damaged,) = json.loads(done.stdout)["damaged"]
        self.assertIn(path.name, damaged["name"])
        self.assertEqual(self.names(), [])
        self.assertEqual(len(list((self.data / ".quarantine").iterdir())), 1)
        self.assertEqual(self.run_samcache("store", "verify").returncode, DONE)

    def test_a_file_under_another_images_name_is_never_used(self):
        self.encode()
        (path,) = self.stored_files()
        other = self.run_json("encode", OTHER_IMAGE)["images"][0]["id"]
        path.rename(path.with_name(f"{other}.trunk.safetensors"))
        done = self.run_samcache("encode", OTHER_IMAGE, "--json")
        self.assertEqual(done.returncode, DONE)
        self.assertIn("another encoding", done.stderr)
        self.assertIs(json.loads(done.stdout)["images"][0]["skipped"], False)

    def test_gc_removes_other_models_encodings_only(self):
        image = self.encode()
        (path,) = self.stored_files()
        stranger = path.parent.parent / ("0" * 32) / path.name
        stranger.parent.mkdir()
        shutil.copy(path, stranger)
        self.assert_fails(self.run_samcache("store", "gc"), USAGE, "--other-models")
        planned = self.run_json("store", "gc", "--other-models", "--dry-run")
        self.assertEqual(len(planned["removed"]), 1)
        self.assertTrue(stranger.exists())
        self.run_json("store", "gc", "--other-models")
        self.assertFalse(stranger.exists())
        self.assertEqual(self.names(), [(image, "trunk")])
        self.assertEqual(self.run_json("store", "gc", "--older-than", "1")["removed"], [])


class Tiers(CommandLineTest):
    def tiers(self):
        self.fast = self.folder / "fast"
        self.slow = self.folder / "slow"
        return ["--store", f"file://{self.fast}?max=1GiB", "--store", f"file://{self.slow}?shared=1"]

    @staticmethod
    def files(folder):
        return sorted(path.name for path in folder.rglob("*.safetensors"))

    def test_what_is_encoded_is_in_every_store(self):
        stores = self.tiers()
        self.run_json(*stores, "encode", IMAGE)
        self.assertEqual(len(self.files(self.slow)), 1)
        self.assertEqual(self.files(self.fast), self.files(self.slow))
        self.assertFalse(self.data.exists())

    def test_warm_brings_back_what_the_fast_store_lost(self):
        stores = self.tiers()
        image = self.run_json(*stores, "encode", IMAGE)["images"][0]["id"]
        shutil.rmtree(self.fast)
        self.assertEqual(self.run_json(*stores, "store", "warm", image), {"there": 1, "missing": 0, "failed": 0})
        self.assertEqual(self.files(self.fast), self.files(self.slow))

    def test_damage_in_the_fast_store_costs_nothing(self):
        stores = self.tiers()
        self.run_json(*stores, "encode", IMAGE)
        (path,) = self.fast.rglob("*.safetensors")
        content = bytearray(path.read_bytes())
        content[-1] ^= 128
        path.write_bytes(content)
        answer = self.run_samcache(*stores, "encode", IMAGE, "--json")
        self.assertEqual(answer.returncode, DONE)
        self.assertIs(json.loads(answer.stdout)["images"][0]["skipped"], True)
        self.assertIn("warning", answer.stderr)
        (path,) = (self.fast / "encodings").rglob("*.safetensors")
        self.assertNotEqual(path.read_bytes(), bytes(content))

    def test_write_back_ends_in_the_last_store_as_well(self):
        stores = self.tiers()
        self.run_json(*stores, "--write-back", "encode", IMAGE)
        self.assertEqual(len(self.files(self.slow)), 1)
        self.assert_fails(
            self.run_samcache("--store", f"file://{self.slow}", "--write-back", "encode", IMAGE), USAGE, "write-back"
        )

    def test_segment_says_where_the_encoding_came_from(self):
        stores = self.tiers()
        self.run_json(*stores, "encode", IMAGE)
        answer = self.run_json(*stores, "segment", IMAGE, "--point", "10,10")
        self.assertEqual(answer["cache"], "disk")

    def test_stores_come_from_the_environment_too(self):
        self.tiers()
        self.run_json("encode", IMAGE, environment={"SAMCACHE_STORE": f"file://{self.fast} file://{self.slow}"})
        self.assertEqual(len(self.files(self.slow)), 1)

    def test_a_store_that_is_none_is_wrong_usage(self):
        for url in ("nonsense", "file:///x?mx=5GiB", "ftp://x/y"):
            self.assert_fails(self.run_samcache("--store", url, "encode", IMAGE), USAGE, url)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_folder_that_cannot_be_made_is_named(self):
        self.assert_fails(self.run_samcache("--store", "file:///proc/x", "encode", IMAGE), FAILED, "/proc/x")


if __name__ == "__main__":
    unittest.main()
