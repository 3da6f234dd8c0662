"""Several processes are one service: two servers, two workers, nginx as it ships, PostgreSQL and Azurite.

The last test kills a server and a worker while people upload and click.
"""

import pathlib
import random
import tempfile
import threading
import time
import unittest

from cluster import Annotator, Cluster, Events, Uploader, metric
from drawn_images import drawn_png
from service import SCENE, Client, wait_until
from web_socket import Closed

SECONDS_OF_TROUBLE = 20
UPLOADERS, UPLOADS_EACH, SESSIONS = 3, 20, 4


def in_parallel(calls):
    """What each of the calls answers; the first exception of any."""
    answers, failures = [None] * len(calls), []

    def run(index):
        try:
            answers[index] = calls[index]()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=[i]) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answers


def setUpModule():
    global cluster
    folder = tempfile.TemporaryDirectory(prefix="samcache-cluster-")
    unittest.addModuleCleanup(folder.cleanup)
    cluster = Cluster(pathlib.Path(folder.name), unittest.addModuleCleanup)


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster, cls.front = cluster, cluster.front
        cls.scene = cls.front.upload(SCENE.read_bytes()).json["id"]
        cls.front.wait_for_encoding(cls.scene)

    def click(self, client, image, x=0.25, y=0.35, **more):
        answer = client.post(f"/api/v1/images/{image}/infer", {"points": [{"coords": [x, y]}], **more})
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_any_server_answers_any_request(self):
        paths = ["", "/content", "/thumbnail?size=64", "/encoding?download=1", "/annotations"]
        for path in paths:
            first, second = (server.get(f"/api/v1/images/{self.scene}{path}") for server in self.cluster.servers)
            self.assertEqual((first.status, second.status), (200, 200), path)
            self.assertEqual(first.body, second.body, path)
        # Sizes there are those of the copy that is nearest, which may be compressed.
        kept = [server.get(f"/api/v1/images/{self.scene}/encoding").json for server in self.cluster.servers]
        self.assertEqual(*(encoding["profiles"] for encoding in kept))
        first, second = (self.click(server, self.scene) for server in self.cluster.servers)
        self.assertEqual(first["masks"], second["masks"])
        batch = self.cluster.servers[0].post("/api/v1/encodings/batch", {"image_ids": [self.scene]}).json["job_id"]
        job = lambda: self.cluster.servers[1].get(f"/api/v1/jobs/{batch}").json
        wait_until(lambda: job()["status"] == "completed", 20, "the batch is seen as completed elsewhere")

    def test_what_one_server_deletes_is_gone_for_the_other(self):
        first, second = self.cluster.servers
        image = first.upload(drawn_png("deleted")).json["id"]
        second.wait_for_encoding(image)
        with second.web_socket(image) as socket:
            socket.ask({"type": "add_point", "point": [0.5, 0.5]})
            self.assertEqual(first.request("DELETE", f"/api/v1/images/{image}").status, 204)
            with self.assertRaises(Closed) as closed:
                while True:
                    socket.receive()
            self.assertEqual(closed.exception.code, 4404)
        wait_until(lambda: second.get(f"/api/v1/images/{image}").status == 404, 5, "the other server knows")
        self.assertEqual(second.get(f"/api/v1/images/{image}/content").status, 404)

    def test_an_image_meets_the_server_that_has_it_ready(self):
        images = [self.front.upload(drawn_png(f"warm {i}")).json["id"] for i in range(12)]
        for image in images:
            self.front.wait_for_encoding(image)
        before = [metric(server, "samcache_device_cache_misses_total") for server in self.cluster.servers]
        for _ in range(4):
            for image in images:
                self.click(self.front, image)
        after = [metric(server, "samcache_device_cache_misses_total") for server in self.cluster.servers]
        made_ready = [b - a for a, b in zip(before, after)]
        self.assertEqual(sum(made_ready), len(images), "each image is made ready on one server, once")
        self.assertTrue(all(made_ready), f"both servers have a share: {made_ready}")

    def test_a_masks_url_leads_to_the_server_that_made_it(self):
        for i in range(6):
            url = self.click(self.front, self.scene, x=0.2 + i / 20, mask_format="url")["masks"][0]
            png = self.front.get(url)
            self.assertEqual((png.status, png.body[:4]), (200, b"\x89PNG"))

    def test_of_many_who_want_one_encode_on_all_servers_one_makes_it(self):
        pictures = [drawn_png(f"wanted at once {i}", 640, 480) for i in range(3)]
        before = self.cluster.encodes()
        images = [self.front.upload(picture).json["id"] for picture in pictures]
        calls = []
        for image in images:
            for server in self.cluster.servers:
                calls += [lambda s=server, i=image: s.post(f"/api/v1/images/{i}/encode?wait=true")] * 2
                calls += [lambda s=server, i=image: s.post(f"/api/v1/images/{i}/infer", {"points": [{"coords": [0.5, 0.5]}]})]
        answers = in_parallel(calls)
        self.assertEqual([answer.status for answer in answers], [200] * len(calls), answers)
        self.assertEqual(self.cluster.encodes() - before, len(images))

    def test_events_arrive_whichever_server_one_listens_to(self):
        streams = [Events(client) for client in (*self.cluster.servers, self.front)]
        image = self.front.upload(drawn_png("listened for")).json["id"]
        for stream in streams:
            wait_until(lambda: (image, "completed") in stream.statuses, 20, "the news of the encode")
            self.assertLess(stream.statuses.index((image, "completed")), 10)
        for stream in streams:
            stream.connection.close()

    def test_a_worker_tells_how_it_is_and_nothing_of_images(self):
        worker = self.cluster["worker1"]
        self.assertEqual([worker.get(path).status for path in ("/healthz", "/readyz", "/metrics")], [200] * 3)
        self.assertEqual(worker.get("/metrics", token="wrong").status, 401)
        self.assertEqual(worker.get(f"/api/v1/images/{self.scene}").status, 404)

    def test_nginx_keeps_inside_what_is_each_servers_own(self):
        for path in ("/metrics", "/readyz", "/v2/health/ready"):
            self.assertEqual(self.front.get(path).status, 404, path)
        self.assertEqual(self.front.get("/healthz").status, 200)
        plain = Client()
        plain.port = self.front.plain_port
        moved = plain.get(f"/api/v1/images/{self.scene}?x=1")
        self.assertEqual(moved.status, 308)
        self.assertEqual(moved.headers["Location"], f"https://127.0.0.1/api/v1/images/{self.scene}?x=1")

    def test_a_large_upload_and_a_range_pass_through_nginx(self):
        padded = drawn_png("large") + bytes(random.Random(1).randbytes(24 << 20))
        uploaded = self.front.upload(padded)
        self.assertEqual(uploaded.status, 201, uploaded)
        content = self.front.get(f"/api/v1/images/{uploaded.json['id']}/content", headers={"Range": "bytes=1000-1999"})
        self.assertEqual((content.status, content.body), (206, padded[1000:2000]))
        self.assertEqual(self.front.get(f"/api/v1/images/{uploaded.json['id']}/content").body, padded)


class TroubleTest(unittest.TestCase):
    """In the order of a bad day: a worker is killed, then a server; both come back, and the other server is updated."""

    def test_nothing_is_lost_and_everybody_goes_on_when_a_server_and_a_worker_are_killed(self):
        front = cluster.front
        sights = [front.upload(drawn_png(f"sight {i}", 320, 240)).json["id"] for i in range(SESSIONS)]
        for image in sights:
            front.wait_for_encoding(image)
        start = time.monotonic()
        pause = SECONDS_OF_TROUBLE / UPLOADS_EACH
        uploaders = [Uploader(front, i, UPLOADS_EACH, pause) for i in range(UPLOADERS)]
        annotators = [Annotator(front, image, i, start + SECONDS_OF_TROUBLE) for i, image in enumerate(sights)]
        for client in (*uploaders, *annotators):
            client.start()
        at = lambda seconds: time.sleep(max(0, start + seconds - time.monotonic()))
        at(2)
        cluster["worker1"].kill()
        at(4)
        answered = [annotator.answers for annotator in annotators]
        cluster["server1"].kill()
        at(8)
        cluster.start("worker1")
        after_kill = [annotator.answers for annotator in annotators]
        cluster.start("server1")
        at(13)
        self.assertEqual(cluster["server2"].stop(), 0)
        cluster.start("server2")
        for client in (*uploaders, *annotators):
            client.join(SECONDS_OF_TROUBLE + 30)
            self.assertFalse(client.is_alive())

        images = [image for uploader in uploaders for image in uploader.images]
        self.assertEqual(len(set(images)), UPLOADERS * UPLOADS_EACH)

        def statuses():
            found = front.get(f"/api/v1/images?ids={','.join(images)}").json["images"]
            return [image["encoding_status"] for image in found]

        wait_until(lambda: statuses() == ["completed"] * len(images), 30, "every uploaded image is encoded")
        for annotator, before, after in zip(annotators, answered, after_kill):
            self.assertGreater(after, before, "it went on while the server was away")
            self.assertEqual(annotator.differences, [], "the same prompts have the same masks on another server")
            self.assertLess(annotator.longest_pause, 5)
        self.assertGreater(sum(annotator.breaks for annotator in annotators), 0, "some met the server that was killed")
        print(
            f"{len(images)} uploads, {sum(u.retries for u in uploaders)} of them repeated; "
            f"{sum(a.answers for a in annotators)} clicks, {sum(a.breaks for a in annotators)} breaks, "
            f"longest pause {max(a.longest_pause for a in annotators):.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    unittest.main()
