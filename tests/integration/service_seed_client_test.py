"""The design's two client snippets (polling after an upload, preloading encodings) run as written, by Node's fetch."""

import base64
import json
import pathlib
import shutil
import struct
import subprocess
import unittest

from service import SCENE, ServiceTest


@unittest.skipIf(shutil.which("node") is None, "node is not installed; run: tools/setup --check")
class SeedClient(ServiceTest):
    def test_the_snippets_run_as_written(self):
        script = pathlib.Path(__file__).with_name("seed_client.mjs")
        done = subprocess.run(
            ["node", script, self.server.url, SCENE], capture_output=True, text=True, timeout=120
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(self.server.get(f"/api/v1/images/{seen['imageId']}").json["encoding_status"], "completed")
        start = base64.b64decode(seen["encodings"][seen["imageId"]])
        (length,) = struct.unpack("<Q", start[:8])
        self.assertIn("trunk", json.loads(start[8 : 8 + length]), "the cache holds a safetensors file")


if __name__ == "__main__":
    unittest.main()
