"""8 clients upload 200 images while two workers are killed and restarted at random.

Every image ends completed, no encoding is published twice, nothing is stuck. SAMCACHE_CHAOS_SECONDS says how long the
killing goes on (25 unless told otherwise; uploads are spread over that time).
"""

import json
import os
import pathlib
import random
import re
import tempfile
import threading
import time
import unittest

from drawn_images import drawn_png
from service import Backend, Process, Server, wait_until

SECONDS = float(os.environ.get("SAMCACHE_CHAOS_SECONDS", "25"))
SEED = int(os.environ.get("SAMCACHE_CHAOS_SEED", str(int(time.time()))))
IMAGES, CLIENTS, WORKERS = 200, 8, 2


class Chaos(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="samcache-test-")
        self.addCleanup(folder.cleanup)
        self.backend = Backend(pathlib.Path(folder.name), shared=True)
        self.server = Server(self.backend, "--no-worker")
        self.addCleanup(self.server.kill)
        self.workers = []

    def worker(self):
        worker = Process(self.backend, "worker", name=f"worker{len(self.workers)}")
        self.workers.append(worker)
        self.addCleanup(worker.kill)
        return worker

    def upload_share(self, client, ids):
        dice = random.Random(f"{SEED} {client}")
        for i in range(IMAGES // CLIENTS):
            time.sleep(dice.uniform(0, 2 * SECONDS * CLIENTS / IMAGES))
            answer = self.server.upload(drawn_png(f"{client} {i}", 240, 180))
            self.assertEqual(answer.status, 201, answer)
            ids.append(answer.json["id"])

    def kill_at_random(self):
        dice = random.Random(SEED)
        running = [self.worker() for _ in range(WORKERS)]
        end, kills = time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            time.sleep(dice.uniform(0.2, 2.5))
            victim = dice.randrange(WORKERS)
            running[victim].kill()
            kills += 1
            running[victim] = self.worker()
        return kills

    def test_every_image_is_encoded_once(self):
        print(f"seed {SEED}", flush=True)
        ids = []
        clients = [threading.Thread(target=self.upload_share, args=(i, ids)) for i in range(CLIENTS)]
        for client in clients:
            client.start()
        kills = self.kill_at_random()
        for client in clients:
            client.join()
        self.assertEqual(len(set(ids)), IMAGES)

        def statuses():
            images = self.server.get(f"/api/v1/images?ids={','.join(ids)}").json["images"]
            return [image["encoding_status"] for image in images]

        wait_until(lambda: set(statuses()) == {"completed"}, 90, f"all of {IMAGES} are completed")
        self.assertEqual(len(statuses()), IMAGES)
        self.assertGreater(kills, SECONDS / 4)
        published = self.published()
        print(f"{kills} workers killed, {sum(published.values())} encodings published", flush=True)
        twice = {name: count for name, count in published.items() if count > 1}
        self.assertEqual(twice, {}, "published twice")
        wait_until(lambda: self.unfinished_jobs() == 0, 10, "the queue is empty")
        for image in ids[:20]:
            self.assertTrue(self.server.get(f"/api/v1/images/{image}/encoding").json["exists"])

    def published(self):
        """{content: how often a worker completed a job with an encoding of it}, from the workers' logs."""
        counts = {}
        for worker in self.workers:
            for line in worker.log.read_text().splitlines():
                if '"encode"' not in line:
                    continue
                entry = json.loads(line)
                if entry["result"] == "encoded":
                    counts[entry["content"]] = counts.get(entry["content"], 0) + 1
        return counts

    def unfinished_jobs(self):
        metrics = self.server.get("/metrics").body.decode()
        pattern = r"^samcache_queue_(?:waiting|running)_jobs(?:\{.*\})? (\d+)$"
        counts = re.findall(pattern, metrics, re.MULTILINE)
        self.assertGreaterEqual(len(counts), 2, metrics)
        return sum(map(int, counts))


if __name__ == "__main__":
    unittest.main()
