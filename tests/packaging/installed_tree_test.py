"""`cmake --install` into a folder of its own: the program works from there, with nothing of the source tree."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

BUILD = pathlib.Path(os.environ["SAMCACHE_BUILD"])
CMAKE = os.environ["SAMCACHE_CMAKE"]
SOURCE = pathlib.Path(os.environ["SAMCACHE_TEST_DATA"]).parent.parent
SCENE = SOURCE / "tests" / "data" / "scene" / "scene.jpg"


def project_version():
    return re.search(r"project\(samcache VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]


def install(folder, prefix):
    """The root of what a package of that prefix would hold."""
    done = subprocess.run(
        [CMAKE, "--install", BUILD, "--prefix", prefix],
        env={**os.environ, "DESTDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return folder


def overlap(first, second):
    """Intersection over union of two boxes."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return shared / (area - shared)


class InstalledTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="samcache-install-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.root = install(cls.folder / "root", "/usr")
        cls.program = cls.root / "usr" / "bin" / "samcache"

    def environment(self):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SAMCACHE_")}
        return {**clean, "OMP_NUM_THREADS": "1"}

    def run_installed(self, *arguments):
        done = subprocess.run(
            [self.program, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_it_says_what_it_was_made_from(self):
        lines = self.run_installed("--version").stdout.splitlines()
        self.assertEqual(lines[0], f"samcache {project_version()}")
        facts = json.loads(self.run_installed("--version", "--json").stdout)
        self.assertEqual(list(facts), ["name", "version", "commit", "build_type", "compiler", "libtorch", "cuda"])
        self.assertEqual(facts["version"], project_version())
        self.assertRegex(facts["commit"], r"^([0-9a-f]{12}(-dirty)?|unknown)$")
        self.assertRegex(facts["compiler"], r"^\S+ \d+\.\d+")
        self.assertRegex(facts["libtorch"], r"^\d+\.\d+")
        self.assertIsInstance(facts["cuda"], bool)
        for name in ("commit", "build_type", "compiler", "libtorch"):
            self.assertIn(facts[name], "\n".join(lines[1:]))

    def test_the_installed_demo_model_finds_what_is_in_a_picture(self):
        encoded = self.run_installed("encode", SCENE)
        self.assertIn(f"using the demo model, {self.root}/usr/share/samcache/models/demo", encoded.stderr)
        answer = json.loads(self.run_installed("segment", SCENE, "--text", "black bird", "--json").stdout)
        objects = json.loads(SCENE.with_suffix(".json").read_text())["objects"]
        birds = [thing["box"] for thing in objects if (thing["kind"], thing["colour"]) == ("bird", "black")]
        self.assertEqual(len(answer["boxes"]), len(birds))
        for bird in birds:
            self.assertGreater(max(overlap(bird, box) for box in answer["boxes"]), 0.7)

    def serve(self, *arguments):
        """The URL of a server of the installed program, which ends with the test."""
        command = [self.program, "serve", "--port", "0", "--json", "--no-worker", *arguments]
        server = subprocess.Popen(
            command, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.addCleanup(server.wait)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.kill)
        return json.loads(server.stdout.readline())["url"]

    def test_the_installed_server_answers_with_the_web_app_that_was_built(self):
        url = self.serve()
        self.assertEqual(urllib.request.urlopen(url + "/readyz", timeout=30).status, 200)
        if not (SOURCE / "web" / "dist" / "index.html").exists():
            self.skipTest("web/dist has not been built")
        with urllib.request.urlopen(url + "/", timeout=30) as page:
            html = page.read().decode()
            self.assertEqual(page.headers["Cross-Origin-Opener-Policy"], "same-origin")
        (script,) = re.findall(r'<script[^>]* src="(/assets/[^"]+)"', html)
        with urllib.request.urlopen(url + script, timeout=30) as answer:
            self.assertIn("immutable", answer.headers["Cache-Control"])
        self.assertEqual(list((self.root / "usr/share/samcache/web").rglob("*.map")), [])

    def test_without_the_web_app_the_server_is_the_api_alone(self):
        url = self.serve("--no-web")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url + "/", timeout=30)
        self.assertEqual(refused.exception.code, 404)
        refused.exception.close()

    def test_nothing_in_it_names_the_folder_it_was_built_in(self):
        self.assertNotIn(str(BUILD).encode(), self.program.read_bytes())
        needed = subprocess.run(["readelf", "-d", self.program], capture_output=True, text=True, check=True).stdout
        self.assertNotRegex(needed, "RPATH|RUNPATH")

    def test_under_another_prefix_the_unit_names_that_prefix(self):
        root = install(self.folder / "other", "/opt/samcache")
        unit = (root / "opt/samcache/lib/systemd/system/samcache.service").read_text()
        self.assertIn(
            "ExecStart=/opt/samcache/bin/samcache --config /opt/samcache/etc/samcache/samcache.toml serve", unit
        )
        self.assertTrue((root / "opt/samcache/etc/samcache/samcache.toml").is_file())

    def test_installing_again_keeps_a_changed_configuration(self):
        root = install(self.folder / "twice", "/usr")
        configuration = root / "etc/samcache/samcache.toml"
        configuration.write_text("# ours\n")
        install(self.folder / "twice", "/usr")
        self.assertEqual(configuration.read_text(), "# ours\n")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not there")
    def test_systemd_accepts_the_unit(self):
        unit = self.folder / "samcache.service"
        text = (self.root / "usr/lib/systemd/system/samcache.service").read_text()
        unit.write_text(text.replace("/usr/bin/samcache", str(self.program)))
        done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
        about_it = [line for line in done.stderr.splitlines() if "samcache.service" in line]
        self.assertEqual(about_it, [])


if __name__ == "__main__":
    unittest.main()
