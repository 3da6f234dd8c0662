"""The examples in docs/http.md and docs/file-format.md, run as they stand."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from service import BINARY, SCENE, ServiceTest


def blocks(name, language):
    """The code blocks of a document in docs/, in their order."""
    text = (ROOT / "docs" / name).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Examples(ServiceTest):
    def run_shell(self, script, **environment):
        """What it prints."""
        clean = {**self.backend.environment(), "PATH": f"{pathlib.Path(BINARY).parent}:/usr/bin:/bin"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**clean, "SAMCACHE_DATA": str(self.folder / "cli"), **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @classmethod
    def prepare(cls):
        (cls.folder / "tests").symlink_to(ROOT / "tests")

    def test_the_http_interface(self):
        start, *examples = blocks("http.md", "sh")
        self.assertIn("samcache serve", start)
        # A stream of events is ended after its two seconds, and a reader of the metrics' beginning leaves early.
        script = "\n".join(examples).replace("timeout 2 curl", "timeout 1 curl -sS")
        script = re.sub(r"^(timeout .*)$", r"\1 || test $? = 124", script, flags=re.MULTILINE)
        script = script.replace("| head", "| cat").replace("http://127.0.0.1:8080", self.server.url)
        output = self.run_shell(f"api={self.server.url}/api/v1\n{script}")
        self.assertNotRegex(output.replace("text_promt", ""), r'"status":5\d\d')
        problems = re.findall(r'"status":4\d\d,"detail":"([^"]*)', output.replace('\\"', "'"))
        self.assertEqual(problems, ["unknown field 'text_promt'"])
        self.assertIn('"encoding_status":"completed"', output)
        self.assertIn("event: status", output)
        self.assertEqual((self.folder / "original.jpg").read_bytes(), SCENE.read_bytes())
        size = lambda profile: (self.folder / f"{profile}.safetensors").stat().st_size
        self.assertGreater(size("detector"), size("trunk"))

    def test_the_encoding_file(self):
        self.run_shell("\n".join(blocks("file-format.md", "sh")))
        _, with_client, with_nothing = blocks("file-format.md", "python")
        for example in (with_client, with_nothing):
            done = subprocess.run(
                [sys.executable, "-c", example],
                cwd=self.folder,
                env={"PYTHONPATH": str(ROOT / "clients" / "python"), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=60,
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("trunk", done.stdout)

    def test_the_table_of_the_metadata_is_complete(self):
        self.run_shell("\n".join(blocks("file-format.md", "sh")))
        data = (self.folder / "trunk.safetensors").read_bytes()
        length = int.from_bytes(data[:8], "little")
        self.assertEqual((8 + length) % 4096, 0)
        table = (ROOT / "docs" / "file-format.md").read_text().split("## Metadata")[1].split("##")[0]
        keys = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
        documented = set(re.findall(r"`(\w+)`", "".join(keys)))
        self.assertEqual(set(json.loads(data[8 : 8 + length])["__metadata__"]), documented)


if __name__ == "__main__":
    unittest.main()
