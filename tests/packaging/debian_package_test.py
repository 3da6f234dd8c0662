"""The Debian package that `cpack` makes: what it says of itself, what is in it and with which rights."""

import email
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["SAMCACHE_BUILD"])
CPACK = pathlib.Path(os.environ["SAMCACHE_CMAKE"]).with_name("cpack")
FOLDER_OF_DOCUMENTS = "./usr/share/doc/samcache/"


def output_of(*command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


class DebianPackage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="samcache-package-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        os.umask(0o077)  # must not show
        output_of(CPACK, "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", cls.folder)
        (cls.package,) = cls.folder.glob("*.deb")
        output_of("dpkg-deb", "--control", cls.package, cls.folder / "control")
        cls.control = email.message_from_string((cls.folder / "control" / "control").read_text())
        cls.entries = {}
        for line in output_of("dpkg-deb", "--contents", cls.package).splitlines():
            mode, owner, _, _, _, name = line.split(maxsplit=5)
            cls.entries[name] = (mode, owner)

    def test_it_is_named_and_described_as_debian_has_it(self):
        self.assertEqual(self.control["Package"], "samcache")
        self.assertEqual(self.package.name, f"samcache_{self.control['Version']}_{self.control['Architecture']}.deb")
        self.assertRegex(self.control["Maintainer"], r"^\S.* <\S+@\S+>$")
        summary, *text = self.control["Description"].splitlines()
        self.assertLess(len(summary), 80)
        self.assertGreater(len(text), 3)

    def test_it_depends_on_the_libraries_that_the_program_links(self):
        for package in ("libtorch1.13", "libvips42", "libc6", "libssl3", "libopenblas0-openmp"):
            self.assertRegex(self.control["Depends"], rf"(^|, |\| ){re.escape(package)}\b")

    def test_it_holds_program_model_unit_configuration_and_documents(self):
        for name in (
            "./usr/bin/samcache",
            "./usr/share/samcache/models/demo/model.safetensors",
            "./usr/lib/systemd/system/samcache.service",
            "./etc/samcache/samcache.toml",
            FOLDER_OF_DOCUMENTS + "README.md",
            FOLDER_OF_DOCUMENTS + "copyright",
            FOLDER_OF_DOCUMENTS + "docs/configuration.md",
        ):
            self.assertIn(name, self.entries)

    def test_its_configuration_is_kept_at_upgrades(self):
        self.assertEqual((self.folder / "control" / "conffiles").read_text().split(), ["/etc/samcache/samcache.toml"])

    def test_everything_belongs_to_root_and_is_readable_and_nothing_else_is_writable(self):
        for name, (mode, owner) in self.entries.items():
            with self.subTest(name):
                self.assertEqual(owner, "root/root")
                is_program = name.startswith("./usr/bin/") and not name.endswith("/")
                self.assertEqual(
                    mode, "drwxr-xr-x" if name.endswith("/") else "-rwxr-xr-x" if is_program else "-rw-r--r--"
                )

    def test_nothing_lies_outside_of_the_places_a_package_may_use(self):
        for name in self.entries:
            self.assertRegex(name, r"^\./($|usr/($|bin/|lib/($|systemd/)|share/)|etc/($|samcache/))")

    def test_its_scripts_are_valid_and_stop_at_the_first_failure(self):
        for name in ("postinst", "prerm", "postrm"):
            script = self.folder / "control" / name
            self.assertEqual(script.stat().st_mode & 0o777, 0o755)
            self.assertIn("\nset -e\n", script.read_text())
            output_of("sh", "-n", script)

    def test_the_program_in_it_is_stripped_and_runs(self):
        output_of("dpkg-deb", "--extract", self.package, self.folder / "extracted")
        program = self.folder / "extracted" / "usr" / "bin" / "samcache"
        self.assertIn("samcache " + self.control["Version"], output_of(program, "--version"))
        self.assertNotIn(".symtab", output_of("readelf", "--section-headers", "--wide", program))

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not installed")
    def test_lintian_finds_no_error(self):
        output_of("lintian", "--fail-on", "error", "--allow-root", self.package)


if __name__ == "__main__":
    unittest.main()
