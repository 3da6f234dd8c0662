"""wrk against samcache and against nginx, in turn."""

import json
import re
import shutil
import statistics
import subprocess

from service import BINARY, ROOT, SCENE, Backend, Server, free_port, listens, wait_until

ROUNDS = 3
UNITS = {"": 1, "k": 1e3, "M": 1e6, "KB": 2**10, "MB": 2**20, "GB": 2**30, "B": 1}

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; types {{ application/json json; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


class Nginx:
    def __init__(self, folder, files):
        (folder / "files").mkdir(parents=True)
        folder.chmod(0o755)
        (folder / "files").chmod(0o755)
        for name, data in files.items():
            (folder / "files" / name).write_bytes(data)
        self.port = free_port()
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=self.port))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([program, "-c", config, "-p", folder], stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), 10, "nginx listens")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def wrk(url, connections, seconds, *headers):
    """{requests_per_s, bytes_per_s}; an error if any answer was none."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *[f"-H{h}" for h in headers], url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    requests = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    amount, unit = re.search(r"Transfer/sec:\s+([\d.]+)(\w*)", done.stdout).groups()
    return {"requests_per_s": requests, "bytes_per_s": float(amount) * UNITS[unit]}


def compared(ours, theirs, connections, seconds, measure):
    """Medians of several rounds in turn, and ours in theirs."""
    rounds = [(wrk(ours, connections, seconds)[measure], wrk(theirs, connections, seconds)[measure]) for _ in range(ROUNDS)]
    own, nginx = (statistics.median(side) for side in zip(*rounds))
    return {"connections": connections, "samcache": round(own), "nginx": round(nginx), "ratio": round(own / nginx, 3)}


def small_calls(folder, seconds):
    # Neither limits of one caller nor a log line for every call are what is measured.
    server = Server(Backend(folder), "--token-rate", 1_000_000, "--request-log", "failures")
    try:
        image = server.upload(SCENE.read_bytes()).json["id"]
        server.wait_for_encoding(image)
        calls = {"healthz": "/healthz", "image_status": f"/api/v1/images/{image}"}
        files = {f"{name}.json": server.get(path).body for name, path in calls.items()}
        with Nginx(folder / "nginx", files) as nginx:
            return {
                name: [
                    compared(server.url + path, f"http://127.0.0.1:{nginx.port}/{name}.json", c, seconds, "requests_per_s")
                    for c in (1, 32)
                ]
                for name, path in calls.items()
            }
    finally:
        server.kill()


def shallow_model(folder):
    """A model with random weights and two blocks, whose encodings have the released model's size: 10 MiB."""
    config = json.loads((ROOT / "models" / "demo" / "config.json").read_text())
    config["low_res_mask_size"] = 288
    vision = config["detector_config"]["vision_config"]
    vision["backbone_feature_sizes"] = [[288, 288], [144, 144], [72, 72]]
    vision["backbone_config"] |= {
        "hidden_size": 1024, "intermediate_size": 1024, "num_hidden_layers": 2, "num_attention_heads": 16,
        "image_size": 1008, "patch_size": 14, "window_size": 24, "global_attn_indexes": [1], "pretrain_image_size": 336,
    }
    (folder / "config.json").write_text(json.dumps(config))
    command = [BINARY, "model", "init", "--config", folder / "config.json", "--out", folder / "model"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "model"


def downloads(folder, seconds):
    model = shallow_model(folder)
    server = Server(Backend(folder), "--model", model, "--token-rate", 1_000_000, "--request-log", "failures")
    try:
        image = server.upload(SCENE.read_bytes()).json["id"]
        server.wait_for_encoding(image, 300)
        path = f"/api/v1/images/{image}/encoding?download=1"
        data = server.get(path).body
        with Nginx(folder / "nginx", {"encoding.bin": data}) as nginx:
            theirs = f"http://127.0.0.1:{nginx.port}/encoding.bin"
            return {
                "size_bytes": len(data),
                "runs": [compared(server.url + path, theirs, c, seconds, "bytes_per_s") for c in (1, 4)],
            }
    finally:
        server.kill()
