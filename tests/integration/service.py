"""The service for tests: real `samcache serve` and `samcache worker` processes on a free port, and how to talk to them.

SAMCACHE_TEST_BACKEND says what they keep their things in: "sqlite" (the default: the data folder alone) or "servers"
(PostgreSQL, with Azurite as the remote tier), started here and ended with the test process.
"""

import contextlib
import copy
import http.client
import itertools
import json
import os
import pathlib
import re
import secrets
import selectors
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from web_socket import WebSocket

BINARY = os.environ["SAMCACHE_BINARY"]
TEST_DATA = pathlib.Path(os.environ["SAMCACHE_TEST_DATA"])
SCENE = TEST_DATA / "scene" / "scene.jpg"
IMAGES = TEST_DATA / "images"
ROOT = TEST_DATA.parent.parent
POSTGRES = ROOT / "tests" / "servers" / "postgres.sh"
BACKEND = os.environ.get("SAMCACHE_TEST_BACKEND", "sqlite")

# The emulator's account, which is the same everywhere and documented.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def wait_until(condition, seconds, what):
    """What `condition` answers as soon as it is true; an AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Backend:
    """Where the processes of one test class keep their things."""

    _servers = None  # (PostgreSQL's URL, Azurite's port), shared by all
    postgres_folder = None  # for tests/servers/postgres.sh
    _names = itertools.count(1)

    @classmethod
    def servers(cls):
        if cls._servers is None:
            temporary = tempfile.TemporaryDirectory(prefix="samcache-servers-")
            unittest.addModuleCleanup(temporary.cleanup)  # the last: what runs in it is ended first
            folder = pathlib.Path(temporary.name)
            unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)  # last, when both have ended
            folder.chmod(0o755)
            cls.postgres_folder = folder / "postgres"
            started = subprocess.run(
                [POSTGRES, "start", cls.postgres_folder, str(os.getpid())], capture_output=True, text=True, timeout=120
            )
            if started.returncode != 0:
                raise RuntimeError(started.stderr)
            unittest.addModuleCleanup(subprocess.run, [POSTGRES, "stop", cls.postgres_folder], timeout=60)
            cls._servers = (started.stdout.strip(), cls._start_azurite(folder))
        return cls._servers

    @staticmethod
    def _start_azurite(folder):
        azurite = pathlib.Path(os.environ["SAMCACHE_AZURITE"])
        if not azurite.exists():
            raise RuntimeError("Azurite is not installed; run: npm ci --prefix tests/servers")
        port = free_port()
        command = ["node", azurite, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", folder / "azurite"]
        process = subprocess.Popen(
            [*command, "--disableTelemetry", "--skipApiVersionCheck", "--silent"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        unittest.addModuleCleanup(process.wait)
        unittest.addModuleCleanup(process.kill)
        wait_until(lambda: listens(port), 30, "Azurite listens")
        return port

    def __init__(self, folder, shared=False):
        """`shared`: several processes with folders of their own work together, whatever the backend is."""
        self.folder = folder
        self.arguments = []
        if BACKEND == "servers":
            postgres, azurite_port = self.servers()
            name = f"test{os.getpid()}x{next(self._names)}"
            subprocess.run(["psql", "-q", postgres, "-c", f"CREATE DATABASE {name}"], check=True, timeout=60)
            endpoint = urllib.parse.quote(f"http://127.0.0.1:{azurite_port}/{AZURITE_ACCOUNT}", safe="")
            self.arguments = ["--database", postgres.rsplit("/", 1)[0] + "/" + name]
            self.arguments += ["--store", f"file://{folder}/near?max=1GiB"]
            self.arguments += ["--store", f"azure://{AZURITE_ACCOUNT}/{name}?endpoint={endpoint}&create=1"]
        elif shared:
            self.arguments = ["--database", f"sqlite://{folder}/shared.db", "--store", f"file://{folder}/encodings"]

    def on_another_machine(self, name):
        """The same database and remote store for processes whose folders are their own."""
        other = copy.copy(self)
        other.folder = self.folder / name
        other.folder.mkdir()
        own, others = f"file://{self.folder}/", f"file://{other.folder}/"
        other.arguments = [argument.replace(own, others) for argument in self.arguments]
        return other

    def execute(self, statement):
        """SQL, for what no call can do: letting time pass."""
        if BACKEND == "servers":
            url = self.arguments[self.arguments.index("--database") + 1]
            subprocess.run(["psql", "-q", url, "-c", statement], check=True, timeout=60)
            return
        (file,) = [*self.folder.glob("data/**/*.sqlite"), *self.folder.glob("shared.db")]
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as database, database:
            database.execute(statement)

    def environment(self):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SAMCACHE_")}
        # The API alone, whether or not the web app has been built here.
        return {"OMP_NUM_THREADS": "1", **clean, "AZURE_STORAGE_KEY": AZURITE_KEY, "SAMCACHE_NO_WEB": "1"}


class Process:
    """A samcache process; its log is in `log`."""

    def __init__(self, backend, command, *arguments, name=None, program=BINARY):
        """`command` is None for a `program` of its own that takes the same options."""
        self.log = backend.folder / f"{name or command}-{secrets.token_hex(4)}.log"
        with open(self.log, "wb") as log:
            options = ["--data", backend.folder / "data", *backend.arguments, *map(str, arguments)]
            self.process = subprocess.Popen(
                [program, *filter(None, [command]), *options],
                stdout=subprocess.PIPE,
                stderr=log,
                env=backend.environment(),
            )

    @property
    def pid(self):
        return self.process.pid

    def read_line(self, seconds=60):
        """The next line of stdout."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise AssertionError(f"it printed nothing in {seconds} s; its log:\n{self.log.read_text()}")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"it ended with {self.process.wait()}; its log:\n{self.log.read_text()}")
        return line

    def memory(self, what="VmRSS"):
        """Bytes: VmRSS now, VmHWM at most so far."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024

    def is_alive(self):
        return self.process.poll() is None

    def kill(self):
        if self.is_alive():
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self, seconds=60):
        """SIGTERM; the exit code."""
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        self.process.stdout.close()
        return code


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Client:
    """Talks HTTP and WebSocket to whatever listens on `port` of this machine."""

    port = None
    tls = None  # an ssl.SSLContext, for who speaks TLS
    token = None  # sent when a call names no other

    def connect(self, timeout):
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.tls)

    def request(self, method, path, body=None, headers=None, token=None, timeout=120):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        token = self.token if token is None else token
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body=body, **options)

    def upload(self, data, filename="picture.png", project=None, **options):
        body, content_type = multipart(data, filename, project)
        return self.post("/api/v1/images", body, headers={"Content-Type": content_type}, **options)

    def wait_for_encoding(self, image_id, seconds=60, **options):
        def finished():
            image = self.get(f"/api/v1/images/{image_id}", **options).json
            return image if image["encoding_status"] in ("completed", "failed") else None

        return wait_until(finished, seconds, f"{image_id} is encoded")

    def web_socket(self, image_id, token=None, headers=(), **options):
        headers = list(headers)
        token = self.token if token is None else token
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        return WebSocket(self.port, f"/api/v1/images/{image_id}/interactive", headers, tls=self.tls, **options)

    def raw(self, data, timeout=30):
        """Everything that comes back for these bytes, until the server closes or `timeout` passes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(data)
            received = b""
            try:
                while chunk := connection.recv(1 << 16):
                    received += chunk
            except TimeoutError:
                pass
            return received


class Server(Process, Client):
    """A `samcache serve` that listens."""

    def __init__(self, backend, *arguments, port=0):
        super().__init__(backend, "serve", "--port", port, "--json", *arguments)
        try:
            self.url = json.loads(self.read_line())["url"]
        except BaseException:
            self.kill()
            raise
        self.port = urllib.parse.urlsplit(self.url).port


def multipart(data, filename, project=None):
    """(body, content type) of a form with the one file."""
    boundary = "boundary" + secrets.token_hex(8)
    parts = b""
    if project is not None:
        parts += f'--{boundary}\r\nContent-Disposition: form-data; name="project"\r\n\r\n{project}\r\n'.encode()
    quoted = filename.replace('"', "%22")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
    return parts + head.encode() + data + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def create_token(backend, name, scope, *arguments):
    """The secret of a new token."""
    command = [BINARY, "token", "create", "--data", backend.folder / "data", *backend.arguments]
    done = subprocess.run(
        [*command, "--name", name, "--scope", scope, "--json", *arguments],
        capture_output=True,
        text=True,
        env=backend.environment(),
        timeout=60,
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


class ServiceTest(unittest.TestCase):
    """One server for the tests of a class, with access open; `server_arguments` are added to its command line."""

    maxDiff = 2000
    server_arguments = ()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="samcache-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.backend = Backend(cls.folder)
        cls.prepare()
        cls.server = Server(cls.backend, *cls.server_arguments)
        cls.addClassCleanup(cls.server.kill)

    @classmethod
    def prepare(cls):
        """Before the server starts."""

    def assert_problem(self, answer, status, *words):
        """Problem details with that status whose detail has these words."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers.get_content_type(), "application/problem+json", answer)
        problem = answer.json
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"] and problem["detail"], problem)
        for word in words:
            self.assertIn(word.lower(), problem["detail"].lower())

    def uploaded(self, data=None, **options):
        """The id of an image that is encoded."""
        answer = self.server.upload(SCENE.read_bytes() if data is None else data, **options)
        self.assertEqual(answer.status, 201, answer)
        image = self.server.wait_for_encoding(answer.json["id"])
        self.assertEqual(image["encoding_status"], "completed", image)
        return image["id"]
