"""A real nginx with deploy/nginx/samcache.conf, put in front of servers of this machine."""

import pathlib
import re
import shutil
import ssl
import subprocess

from service import ROOT, Client, free_port, listens, wait_until

SHIPPED = ROOT / "deploy" / "nginx" / "samcache.conf"

# What Debian's nginx.conf says around conf.d, with every folder where a test may write.
AROUND = """
daemon off; user root; worker_processes {processes}; pid {folder}/nginx.pid; error_log {folder}/error.log info;
events {{ worker_connections 2048; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  include {folder}/samcache.conf;
}}
"""


def replaced(text, pattern, replacement, count):
    """`text` with exactly `count` places changed: a changed file must not make this a test of nothing."""
    text, found = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if found != count:
        raise AssertionError(f"{SHIPPED.name}: {pattern} is there {found} times, not {count}")
    return text


def make_certificate(folder):
    """(certificate, key) of this machine, signed by itself."""
    certificate, key = folder / "samcache.pem", folder / "samcache.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=samcache", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key


def site(ports, port, plain_port, certificate, key):
    """The shipped file with these servers, listening here."""
    text = SHIPPED.read_text()
    servers = "".join(rf"    server 127.0.0.1:{each}\1" + "\n" for each in ports)
    text = replaced(text, r"(?:^    server serve-\d:8080(.*)\n)+", servers, 1)
    text = replaced(text, r"listen 443 ", f"listen 127.0.0.1:{port} ", 1)
    text = replaced(text, r"listen 80;", f"listen 127.0.0.1:{plain_port};", 1)
    text = replaced(text, r"(ssl_certificate +)/\S+;", rf"\1{certificate};", 1)
    return replaced(text, r"(ssl_certificate_key +)/\S+;", rf"\1{key};", 1)


class Nginx(Client):
    """nginx over TLS before servers on `ports`. `change`: what a measurement wants otherwise in the shipped file."""

    def __init__(self, folder, ports, change=lambda text: text, processes=1):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        certificate, key = make_certificate(self.folder)
        self.port, self.plain_port = free_port(), free_port()
        (self.folder / "samcache.conf").write_text(change(site(ports, self.port, self.plain_port, certificate, key)))
        (self.folder / "nginx.conf").write_text(AROUND.format(folder=self.folder, processes=processes))
        self.tls = ssl.create_default_context(cafile=certificate)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            [program, "-c", self.folder / "nginx.conf", "-p", self.folder, "-e", self.folder / "error.log"],
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: listens(self.port), 10, "nginx listens")
        except BaseException as failure:
            self.stop()
            raise AssertionError((self.folder / "error.log").read_text()) from failure

    def log(self):
        """What it complained of."""
        return (self.folder / "error.log").read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait()
