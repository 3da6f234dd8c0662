"""Ends and new beginnings: SIGTERM in the middle of work, and workers that are killed."""

import http.client
import pathlib
import tempfile
import threading
import time
import unittest

from drawn_images import drawn_png
from service import SCENE, Backend, Process, Server, wait_until
from web_socket import Closed


class Ends(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="samcache-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, backend, *arguments):
        server = Server(backend, *arguments)
        self.addCleanup(server.kill)
        return server

    def worker(self, backend, name):
        worker = Process(backend, "worker", "--name", name, name=name)
        self.addCleanup(worker.kill)
        return worker

    def test_a_server_that_is_told_to_stop_finishes_what_runs_and_forgets_nothing(self):
        backend = Backend(self.folder)
        server = self.start(backend)
        scene = server.upload(SCENE.read_bytes()).json["id"]
        server.wait_for_encoding(scene)
        socket = server.web_socket(scene)
        click = socket.ask({"type": "add_point", "point": [0.25, 0.35]})
        accepted, refused, stopping = [], [], threading.Event()

        def upload(client):
            for i in range(1000):
                try:
                    answer = server.upload(drawn_png(f"{client} {i}"))
                except (ConnectionError, http.client.HTTPException, OSError):
                    return
                if answer.status == 201:
                    accepted.append(answer.json["id"])
                else:
                    refused.append(answer)
                    return

        def keep_clicking():
            try:
                while True:
                    socket.ask({"type": "preview", "point": [0.5, 0.5]})
            except (Closed, ConnectionError) as end:
                stopping.end = end

        clients = [threading.Thread(target=upload, args=[i]) for i in range(4)]
        clients.append(threading.Thread(target=keep_clicking))
        for client in clients:
            client.start()
        wait_until(lambda: len(accepted) >= 10, 60, "ten uploads")
        started = time.monotonic()
        self.assertEqual(server.stop(), 0, server.log.read_text()[-2000:])
        self.assertLess(time.monotonic() - started, 30)
        for client in clients:
            client.join(30)
        self.assertIsInstance(stopping.end, (Closed, ConnectionError))
        if isinstance(stopping.end, Closed) and stopping.end.code is not None:
            self.assertEqual(stopping.end.code, 1001)
        for answer in refused:
            self.assertEqual(answer.status, 503, answer)

        again = self.start(backend)
        for image in accepted:
            self.assertEqual(again.wait_for_encoding(image)["encoding_status"], "completed")
        with again.web_socket(scene) as second:
            repeated = second.ask({"type": "add_point", "point": [0.25, 0.35]})
            self.assertEqual(repeated["masks"], click["masks"], "the same encoding answers the same")
            self.assertNotEqual(repeated["cache"], "encoded")

    def test_a_server_that_is_killed_has_lost_nothing_that_it_had_confirmed(self):
        backend = Backend(self.folder)
        server = self.start(backend)
        accepted = [server.upload(drawn_png(i)).json["id"] for i in range(20)]
        server.kill()
        again = self.start(backend)
        for image in accepted:
            self.assertEqual(again.wait_for_encoding(image)["encoding_status"], "completed")

    def test_the_job_of_a_killed_worker_runs_again_within_20_seconds(self):
        backend = Backend(self.folder, shared=True)
        server = self.start(backend, "--no-worker")
        first = self.worker(backend, "first")
        images = [server.upload(drawn_png(i)).json["id"] for i in range(60)]
        status = lambda: [i["encoding_status"] for i in server.get(f"/api/v1/images?ids={','.join(images)}").json["images"]]
        wait_until(lambda: "processing" in status() and "completed" in status(), 60, "the first worker works")
        first.kill()
        killed = time.monotonic()
        left = [i for i, s in zip(images, status()) if s == "processing"]
        self.worker(backend, "second")
        for image in left:
            self.assertEqual(server.wait_for_encoding(image, 20)["encoding_status"], "completed")
        self.assertLess(time.monotonic() - killed, 20)
        wait_until(lambda: set(status()) == {"completed"}, 60, "all are encoded")

    def test_a_worker_that_is_told_to_stop_hands_its_job_back_at_once(self):
        backend = Backend(self.folder, shared=True)
        server = self.start(backend, "--no-worker")
        first = self.worker(backend, "first")
        images = [server.upload(drawn_png(i)).json["id"] for i in range(60)]
        status = lambda: [i["encoding_status"] for i in server.get(f"/api/v1/images?ids={','.join(images)}").json["images"]]
        wait_until(lambda: "processing" in status(), 60, "the worker works")
        self.assertEqual(first.stop(10), 0, first.log.read_text()[-2000:])
        self.assertNotIn("processing", status())
        self.worker(backend, "second")
        wait_until(lambda: set(status()) == {"completed"}, 60, "all are encoded")


if __name__ == "__main__":
    unittest.main()
