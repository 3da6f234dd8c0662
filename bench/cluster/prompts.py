"""Prompts and downloads through nginx: who is met, what it costs, and what clients see of a bad day."""

import itertools
import json
import random
import re
import threading
import time

from bench import Statistics, summary
from cluster import Annotator, Uploader
from drawn_images import drawn_png
from http_load import wrk
from service import SCENE

SERVERS, IMAGES, PEOPLE = 4, 40, 5
VISITS, CLICKS = 16, 8
ROUNDS = 3
SECONDS_OF_TROUBLE = 40


def without_hashing(text):
    """The shipped configuration, but the servers take turns."""
    changed, found = re.subn(r"^ +hash \$samcache_image consistent;\n", "", text, flags=re.MULTILINE)
    assert found == 1, "the configuration does not hash"
    return changed


class Visitor(threading.Thread):
    """Looks at one picture after the other, with some clicks on each: over HTTP, so that each click is routed anew."""

    def __init__(self, front, images, number):
        super().__init__()
        self.front, self.images = front, images
        self.dice = random.Random(number)
        self.caches, self.latencies, self.failures, self.seen = [], [], [], set()

    def run(self):
        try:
            connection = self.front.connect(60)
            for _ in range(VISITS):
                image = self.dice.choice(self.images)
                self.seen.add(image)
                for _ in range(CLICKS):
                    self.click(connection, image)
                    time.sleep(0.05)
            connection.close()
        except Exception as failure:  # told in the result
            self.failures.append(repr(failure))

    def click(self, connection, image):
        point = {"coords": [self.dice.uniform(0.1, 0.9), self.dice.uniform(0.1, 0.9)]}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.front.token}"}
        started = time.perf_counter()
        connection.request("POST", f"/api/v1/images/{image}/infer", json.dumps({"points": [point]}), headers)
        answer = json.loads(connection.getresponse().read())
        self.latencies.append(1e3 * (time.perf_counter() - started))
        self.caches.append(answer["cache"])


def visited(bench, name, change):
    cluster = bench.cluster(name, servers=SERVERS, workers=1, change=change, arguments=["--request-log", "failures"])
    front = cluster.front
    images = [front.upload(drawn_png(f"visited {i}", 320, 240)).json["id"] for i in range(IMAGES)]
    for image in images:
        front.wait_for_encoding(image)
    visitors = [Visitor(front, images, i) for i in range(PEOPLE)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    failures = [failure for visitor in visitors for failure in visitor.failures]
    assert not failures, failures
    caches = [cache for visitor in visitors for cache in visitor.caches]
    for process in cluster.processes.values():
        process.stop()
    return {
        "warm_share": round(caches.count("device") / len(caches), 3),
        "limit_warm_share": round(1 - len(set().union(*(visitor.seen for visitor in visitors))) / len(caches), 3),
        "sources": {cache: caches.count(cache) for cache in sorted(set(caches))},
        "click": summary([latency for visitor in visitors for latency in visitor.latencies]),
    }


def warm_share(bench):
    return {
        "servers": SERVERS,
        "images": IMAGES,
        "people": PEOPLE,
        "clicks": PEOPLE * VISITS * CLICKS,
        "hashing": visited(bench, "hashing", lambda text: text),
        "in_turn": visited(bench, "in_turn", without_hashing),
        "note": "warm: the server had the image ready on its device; limit: each image made ready on one server, once",
    }


def buffered(sizes):
    """The shipped configuration, but answers go through buffers of nginx."""

    def change(text):
        changed, found = re.subn(r"^    proxy_buffering off;\n", f"    proxy_buffering on;\n", text, flags=re.MULTILINE)
        assert found == 1, "the configuration buffers"
        return re.sub(r"^    proxy_buffer_size .*\n    proxy_buffers .*\n", f"    {sizes}\n", changed, flags=re.MULTILINE)

    return change


def downloads(bench):
    """The same 10 MiB from the server itself and through nginx, in turn."""
    result = {}
    large = "proxy_buffers 8 256k; proxy_busy_buffers_size 512k; proxy_max_temp_file_size 0;"
    forms = {"as_shipped": lambda text: text, "large_buffers": buffered(large), "nginx_buffers": buffered("")}
    clusters = {}
    for name, change in forms.items():
        clusters[name] = bench.stand_in_cluster(f"proxy_{name}", workers=1, encode_ms=1, change=change)
    paths = {}
    for name, cluster in clusters.items():
        image = cluster.front.upload(SCENE.read_bytes()).json["id"]
        cluster.front.wait_for_encoding(image)
        paths[name] = f"/api/v1/images/{image}/encoding?download=1"
        result["size_bytes"] = len(cluster.front.get(paths[name]).body)
    rates = {name: [] for name in ("direct", *forms)}
    for _ in range(ROUNDS):
        for name, cluster in clusters.items():
            token = f"Authorization: Bearer {cluster.token}"
            url = f"https://127.0.0.1:{cluster.front.port}{paths[name]}"
            rates[name].append(wrk(url, 2, 4, token)["bytes_per_s"])
        direct = clusters["as_shipped"]
        token = f"Authorization: Bearer {direct.token}"
        rates["direct"].append(wrk(direct["server1"].url + paths["as_shipped"], 2, 4, token)["bytes_per_s"])
    result["mb_per_s"] = {name: round(sorted(each)[ROUNDS // 2] / 1e6) for name, each in rates.items()}
    result["note"] = "medians of 3 rounds, 2 connections; direct is without TLS and the limit"
    return result


class Killer(threading.Thread):
    """Kills a worker every few seconds and now and then a server; each comes back soon."""

    def __init__(self, cluster, end):
        super().__init__()
        self.cluster, self.end = cluster, end
        self.dice = random.Random(4)
        self.kills = {"worker": 0, "server": 0}

    def run(self):
        kinds = itertools.cycle(["worker", "worker", "server"])
        while time.monotonic() < self.end:
            time.sleep(self.dice.uniform(1, 3))
            kind = next(kinds)
            name = self.dice.choice([name for name in self.cluster.processes if name.startswith(kind)])
            self.cluster[name].kill()
            self.kills[kind] += 1
            time.sleep(1)
            self.cluster.start(name)


def trouble(bench):
    encode_ms, workers, uploaders = 500, 4, 4
    command = [bench.stand_in, "--encode-ms", encode_ms]
    quiet = ["--request-log", "failures"]
    cluster = bench.cluster("trouble", servers=2, workers=workers, worker_command=command, arguments=quiet)
    front, database = cluster.front, Statistics(cluster.backend)
    sights = [front.upload(drawn_png(f"sight {i}", 320, 240)).json["id"] for i in range(4)]
    for image in sights:
        front.wait_for_encoding(image)
    start = time.monotonic()
    end = start + SECONDS_OF_TROUBLE
    per_uploader = int(0.5 * SECONDS_OF_TROUBLE * workers / (encode_ms / 1e3) / uploaders)  # half of what all can do
    pause = SECONDS_OF_TROUBLE / per_uploader
    uploading = [Uploader(front, i, per_uploader, pause) for i in range(uploaders)]
    clicking = [Annotator(front, image, i, end) for i, image in enumerate(sights)]
    killer = Killer(cluster, end)
    for thread in (*uploading, *clicking, killer):
        thread.start()
    for thread in (*uploading, *clicking, killer):
        thread.join()
    images = [image for uploader in uploading for image in uploader.images]
    failed = [image for image in images if front.wait_for_encoding(image, 90)["encoding_status"] != "completed"]
    sojourns = [finished - created for _, created, finished in database.jobs()]
    return {
        "seconds": SECONDS_OF_TROUBLE,
        "encode_ms": encode_ms,
        "killed": killer.kills,
        "uploads": len(images),
        "uploads_repeated": sum(uploader.retries for uploader in uploading),
        "images_lost": len(failed),
        "upload_to_encoded": summary(sojourns, "s", 2),
        "limit_upload_to_encoded_s": encode_ms / 1e3,
        "clicks": sum(annotator.answers for annotator in clicking),
        "sessions_broken_and_resumed": sum(annotator.breaks for annotator in clicking),
        "masks_that_differed_afterwards": sum(len(annotator.differences) for annotator in clicking),
        "longest_pause_of_a_session_s": round(max(annotator.longest_pause for annotator in clicking), 2),
        "note": "a killed worker's job waits for its lease to end: 15 s; sessions pause 0.1 s between clicks",
    }
