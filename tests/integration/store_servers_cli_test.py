"""The program with real servers behind --store: Azurite and Redis, started here on loopback."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest

from command_line import DONE, FAILED, IMAGE, CommandLineTest

AZURITE = pathlib.Path(os.environ["SAMCACHE_AZURITE"])
# The emulator's account, which is the same everywhere and documented.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A process that listens on a port; killed at the end."""

    def __init__(self, test, command, port):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(self.stop)
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Servers(CommandLineTest):
    def setUp(self):
        super().setUp()
        if not AZURITE.exists():
            self.fail("Azurite is not installed; run: npm ci --prefix tests/servers")
        if shutil.which("redis-server") is None:
            self.fail("redis-server is not installed; run: tools/setup --check")
        azure_port, redis_port = free_port(), free_port()
        command = ["node", AZURITE, "--blobHost", "127.0.0.1", "--blobPort", str(azure_port)]
        command += ["--location", self.folder / "azurite", "--disableTelemetry", "--silent"]
        self.azurite = Server(self, command, azure_port)
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(redis_port), "--save", "", "--dir", self.folder]
        self.redis = Server(self, command, redis_port)
        endpoint = f"http%3A%2F%2F127.0.0.1%3A{azure_port}%2F{ACCOUNT}"
        self.redis_url = f"redis://127.0.0.1:{redis_port}/0"
        self.azure_url = f"azure://{ACCOUNT}/encodings?endpoint={endpoint}&create=1"

    def machine(self, name):
        """The options of a machine with a disk of its own."""
        disk = f"file://{self.folder / name}?max=1GiB"
        return ["--store", disk, "--store", self.redis_url, "--store", self.azure_url]

    def run_samcache(self, *arguments, environment=None, **options):
        environment = {"AZURE_STORAGE_KEY": ACCOUNT_KEY, **(environment or {})}
        return super().run_samcache(*arguments, environment=environment, **options)

    def test_one_machine_encodes_and_another_answers(self):
        image = self.run_json(*self.machine("one"), "encode", IMAGE)["images"][0]["id"]
        answer = self.run_json(*self.machine("two"), "segment", image, "--point", "40,40")
        self.assertEqual(answer["cache"], "remote")
        again = self.run_json(*self.machine("two"), "segment", image, "--point", "40,40")
        self.assertEqual(again["cache"], "disk")
        self.assertEqual(again["masks"], answer["masks"])

    def test_without_redis_the_blob_answers(self):
        image = self.run_json(*self.machine("one"), "encode", IMAGE)["images"][0]["id"]
        self.redis.stop()
        done = self.run_samcache(*self.machine("three"), "segment", image, "--point", "40,40", "--json")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn("redis", done.stderr)

    def test_a_wrong_key_is_one_clear_error_without_the_key(self):
        wrong = "d3Jvbmc="
        done = self.run_samcache("--store", self.azure_url, "encode", IMAGE, environment={"AZURE_STORAGE_KEY": wrong})
        self.assertEqual(done.returncode, FAILED)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("403", done.stderr)
        self.assertNotIn(wrong, done.stderr)


if __name__ == "__main__":
    unittest.main()
