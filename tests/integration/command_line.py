"""Runs the samcache program for tests: every test gets a data folder of its own.

The binary and the test data come from the environment that CTest sets: SAMCACHE_BINARY, SAMCACHE_TEST_DATA.
"""

import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

BINARY = os.environ["SAMCACHE_BINARY"]
TEST_DATA = pathlib.Path(os.environ["SAMCACHE_TEST_DATA"])
MODEL = TEST_DATA / "tiny_hf"
IMAGES = TEST_DATA / "golden" / "images"
IMAGE = IMAGES / "img0_150x113.png"
IMAGE_SIZE = (150, 113)
OTHER_IMAGE = IMAGES / "img1_97x200.png"

DONE, FAILED, USAGE, NOT_FOUND = 0, 1, 2, 3


def safetensors_header(path):
    """(header as a dict, number of data bytes) of a safetensors file, by the format's own description."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        return header, os.path.getsize(path) - 8 - length


class CommandLineTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="samcache-test-")
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)
        self.data = self.folder / "data"

    def run_samcache(self, *arguments, model=MODEL, environment=None, binary=BINARY, **options):
        """Runs it in the test's folder, with the tiny model unless told otherwise. Nothing from outside leaks in."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SAMCACHE_")}
        if model is not None:
            clean["SAMCACHE_MODEL"] = str(model)
        clean["SAMCACHE_DATA"] = str(self.data)
        clean["SAMCACHE_PRECISION"] = "fp32"
        clean.update(environment or {})
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.run(
            [binary, *map(str, arguments)], cwd=self.folder, env=clean, timeout=120, text=True, **options
        )

    def run_json(self, *arguments, **options):
        done = self.run_samcache(*arguments, "--json", **options)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return json.loads(done.stdout)

    def assert_fails(self, done, code, *words):
        """One line on stderr, beginning with the program's name and holding `words`; nothing on stdout."""
        self.assertEqual(done.returncode, code, done.stderr)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith("samcache: "), done.stderr)
        for word in words:
            self.assertIn(str(word), lines[0])
        if done.stdout is not None:
            self.assertEqual(done.stdout, "")

    def stored_files(self):
        """Everything in the data folder but the file that processes take turns by."""
        return sorted(path for path in self.data.rglob("*") if path.is_file() and path.name != ".lock")
