"""Input that means harm: a clear refusal each, the server alive, its memory bounded."""

import gzip
import json
import socket
import threading
import time
import unittest

from drawn_images import HTML, SVG_WITH_SCRIPT, bomb_png, drawn_png, huge_header_png, polyglot_png
from service import SCENE, ServiceTest, multipart

MIB = 1 << 20


class HostileInput(ServiceTest):
    server_arguments = ("--max-upload", "8MiB")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.id = cls.server.upload(SCENE.read_bytes()).json["id"]
        cls.server.wait_for_encoding(cls.id)
        cls.image = f"/api/v1/images/{cls.id}"

    def tearDown(self):
        self.assertTrue(self.server.is_alive(), self.server.log.read_text()[-2000:])
        self.assertEqual(self.server.get("/healthz").status, 200)

    def status_of(self, raw):
        """The status of the answer to these bytes; None: closed without one."""
        answer = self.server.raw(raw, timeout=20)
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None

    def assert_refused(self, raw, *statuses):
        self.assertIn(self.status_of(raw), statuses, raw[:100])

    # Images

    def test_files_that_are_no_pictures(self):
        cases = {
            "empty.png": (b"", (400, 415, 422)),
            "zeros.jpg": (bytes(4096), (415,)),
            "page.jpg": (HTML, (415,)),
            "drawing.svg": (SVG_WITH_SCRIPT, (415,)),
            "drawing.png": (SVG_WITH_SCRIPT, (415,)),
            "document.pdf": (b"%PDF-1.7\n" + bytes(1000), (415,)),
            "archive.zip": (b"PK\x03\x04" + bytes(1000), (415,)),
            "cut.jpg": (SCENE.read_bytes()[: len(SCENE.read_bytes()) // 2], (422,)),
            "cut.png": (drawn_png("cut")[:200], (422,)),
            "flipped.png": (drawn_png("flipped").replace(b"IDAT", b"IDAX"), (422,)),
        }
        for name, (data, statuses) in cases.items():
            with self.subTest(name):
                answer = self.server.upload(data, name)
                self.assertIn(answer.status, statuses, answer)
                self.assert_problem(answer, answer.status)
        self.assertEqual(self.server.get("/api/v1/images?status=failed").json["images"], [])

    def test_a_mislabelled_picture_is_what_its_bytes_say(self):
        answer = self.server.upload(drawn_png("mislabelled"), "photo.jpg")
        self.assertEqual((answer.status, answer.json["media_type"]), (201, "image/png"))

    def test_a_picture_that_is_a_page_too_is_served_as_a_picture(self):
        answer = self.server.upload(polyglot_png("polyglot"), "page.html")
        if answer.status == 201:
            content = self.server.get(f"/api/v1/images/{answer.json['id']}/content")
            self.assertEqual(content.headers["Content-Type"], "image/png")
            self.assertEqual(content.headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("sandbox", content.headers["Content-Security-Policy"])
        else:
            self.assert_problem(answer, 422)

    def test_decompression_bombs_cost_no_memory(self):
        before = self.server.memory()
        for name, data in {"bomb.png": bomb_png(), "huge.png": huge_header_png()}.items():
            with self.subTest(name):
                answer = self.server.upload(data, name)
                self.assertIn(answer.status, (413, 422), answer)
        self.assertLess(self.server.memory("VmHWM") - before, 400 * MIB)

    def test_hostile_names_are_data(self):
        for name in ("../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "a\r\nSet-Cookie: x=1", "x" * 5000, "\u202egpj.exe"):
            with self.subTest(name[:30]):
                answer = self.server.upload(drawn_png(name[:50]), name.replace("\r\n", "%0D%0A"))
                if answer.status == 201:
                    kept = answer.json["filename"]
                    self.assertFalse(set(kept) & set("/\\\r\n"), kept)
                    self.assertLessEqual(len(kept), 255)
                    content = self.server.get(f"/api/v1/images/{answer.json['id']}/content")
                    self.assertNotIn("Set-Cookie", content.headers)
                else:
                    self.assert_problem(answer, 400)
        for project in ("../x", "a/b", "x" * 101, "a b", "é"):
            self.assert_problem(self.server.upload(drawn_png("project"), project=project), 400)

    def test_path_tricks_find_nothing(self):
        for path in (
            "/api/v1/images/..%2f..%2fetc%2fpasswd",
            "/api/v1/images/../../../etc/passwd",
            "/api/v1/images/%2e%2e/%2e%2e",
            "/api/v1/images/%00",
            "/api/v1/images/%zz",
            "/api/v1/images/%ff",
            f"/api/v1/images/{self.id}%00/content",
            f"/api/v1/images/{self.id};x=1",
            f"/api/v1/images/{self.id.upper()}x",
            "/api/v1/images/'; DROP TABLE images; --",
            "/api/v1/masks/../images",
            "/api/v1/models/current/..%2f..%2fconfig.onnx",
        ):
            with self.subTest(path):
                raw = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
                self.assert_refused(raw, 400, 404)
        self.assertEqual(self.server.get(self.image).status, 200)

    # Bodies

    def test_bodies_over_the_limit_are_refused_before_they_come(self):
        head = "POST /api/v1/images HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
        self.assert_refused(f"{head}Content-Length: {1 << 40}\r\n\r\n".encode(), 413)
        self.assert_refused(f"{head}Content-Length: -1\r\n\r\n".encode(), 400)
        self.assert_refused(f"{head}Content-Length: 99999999999999999999999\r\n\r\n".encode(), 400, 413)

    def test_an_endless_chunked_body_is_cut_off(self):
        before = self.server.memory()
        head = b"POST /api/v1/images HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
            connection.sendall(head)
            sent = 0
            try:
                while sent < 64 * MIB:
                    connection.sendall(chunk)
                    sent += 0x10000
                self.fail("64 MiB were taken where 8 are allowed")
            except ConnectionError:
                pass
        self.assertLess(self.server.memory("VmHWM") - before, 200 * MIB)

    def test_requests_that_two_servers_would_read_differently(self):
        for head in (
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 3\r\nContent-Length: 4\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\n folded: x\r\n",
            "Bad Header: x\r\n",
            "X: a\x00b\r\n",
        ):
            with self.subTest(head):
                raw = f"POST {self.image}/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\nabc"
                self.assert_refused(raw.encode(), 400, 501)

    def test_heads_over_the_limit(self):
        self.assert_refused(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 431, 400)
        self.assert_refused(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, 431)
        self.assert_refused(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 1000 + b"\r\n", 431, 400)
        self.assert_refused(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), 400, 408, None)

    def test_slow_senders_are_cut_off_while_others_are_served(self):
        slow = [socket.create_connection(("127.0.0.1", self.server.port), timeout=60) for _ in range(20)]
        try:
            for connection in slow:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
            started = time.monotonic()
            while time.monotonic() - started < 14:
                self.assertEqual(self.server.get("/healthz").status, 200)
                for connection in slow:
                    try:
                        connection.sendall(b"X")
                    except ConnectionError:
                        pass
                time.sleep(1)
            for connection in slow:
                received = connection.recv(1 << 16)
                self.assertTrue(received == b"" or b" 408 " in received[:20], received[:60])
        except ConnectionResetError:
            pass
        finally:
            for connection in slow:
                connection.close()

    def test_json_that_is_none(self):
        cases = [
            b"", b"{", b"nul", b"[]", b"1", b'"x"', b'{"text_prompt": "a",}', b"{'text_prompt': 'a'}",
            b'{"text_prompt": "\xff\xfe"}', b'{"text_prompt": "\\ud800"}', b'{"text_prompt": "a\\u0000b"}',
            b'{"confidence_threshold": NaN}', b'{"confidence_threshold": 1e999}', b'{"confidence_threshold": -1}',
            b'{"points": [{"coords": [1e308, 1e308]}]}', b'{"points": [{"coords": [0.5]}]}', b'{"points": 5}',
            b'{"points": [{"coords": [0.5, 0.5], "positive": 1}]}', b'{"boxes": [{"coords": [0.5, 0.5, 0.1, 0.1]}]}',
            b'{"boxes": [{"coords": [0, 0, 9, 9]}]}', b'{"text_prompt": "a", "text_prompt": "b"}',
            b'{"text_promt": "a"}', b'{"mode": "best"}', b'{"text_prompt": ""}', b'{"max_masks": 0}',
            b'{"max_masks": 1e9}', b'{"mask_input": "AAAA"}', b'{"mask_input": {"size": [1, 1], "counts": [1]}}',
            b'{"mask_input": {"size": [99999999, 99999999], "counts": "0"}}', b'{"text_prompt": "' + b"x" * 5000 + b'"}',
            b"[" * 100_000, b'{"a":' * 50_000,
            json.dumps({"points": [{"coords": [0.5, 0.5]}] * 100_000}).encode(),
            json.dumps({"boxes": [{"coords": [0, 0, 1, 1]}] * 1000}).encode(),
        ]
        for body in cases:
            with self.subTest(body[:60]):
                answer = self.server.post(f"{self.image}/infer", body, headers={"Content-Type": "application/json"})
                self.assertIn(answer.status, (400, 413, 422), answer)
                self.assert_problem(answer, answer.status)

    def test_numbers_in_queries_are_checked(self):
        for query in ("limit=0", "limit=-1", "limit=1e9", "limit=99999999999999999999", "limit=1;2", "cursor=forged",
                      "cursor=%00", "status=done", "ids=%27%20OR%201=1", "limit=1&limit=2&project=a%2Fb"):
            with self.subTest(query):
                answer = self.server.get(f"/api/v1/images?{query}")
                self.assertIn(answer.status, (200, 400), answer)
                if answer.status == 200:
                    self.assertEqual(answer.json["images"], [])
        self.assert_problem(self.server.get(f"{self.image}/thumbnail?size=100000"), 400)

    def test_bodies_are_not_expanded_without_end(self):
        before = self.server.memory()
        bomb = gzip.compress(b" " * (512 * MIB), 9)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = self.server.post(f"{self.image}/infer", bomb, headers=headers)
        self.assertIn(answer.status, (400, 413, 415), answer)
        self.assertLess(self.server.memory("VmHWM") - before, 200 * MIB)

    def test_damaged_encodings_are_refused(self):
        octets = {"Content-Type": "application/octet-stream"}
        for data in (b"x" * 100, b"\xff" * 8 + bytes(100), (1 << 62).to_bytes(8, "little") + b"{}"):
            answer = self.server.request("PUT", f"{self.image}/encoding", data, headers=octets)
            self.assertIn(answer.status, (400, 413, 422), answer)

    # Many at once

    def test_a_thousand_idle_connections_do_not_keep_others_out(self):
        idle = [socket.create_connection(("127.0.0.1", self.server.port), timeout=20) for _ in range(900)]
        try:
            self.assertEqual(self.server.get(self.image).status, 200)
        finally:
            for connection in idle:
                connection.close()

    def test_more_prompts_than_fit_are_told_to_come_again(self):
        statuses = []

        def prompt():
            answer = self.server.post(f"{self.image}/infer", {"text_prompt": "circle", "mask_format": "none"}, timeout=300)
            statuses.append(answer.status)
            if answer.status == 429:
                self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)

        threads = [threading.Thread(target=prompt) for _ in range(400)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(statuses), 400)
        self.assertLessEqual(set(statuses), {200, 429})
        self.assertIn(200, statuses)

    def test_memory_stays_where_it_is(self):
        """Refusals leave nothing behind."""
        body, content_type = multipart(SVG_WITH_SCRIPT, "x.svg")
        refuse = lambda: self.server.post("/api/v1/images", body, headers={"Content-Type": content_type})
        for _ in range(200):
            refuse()
        before = self.server.memory()
        for _ in range(1000):
            refuse()
        self.assertLess(self.server.memory() - before, 16 * MIB)


if __name__ == "__main__":
    unittest.main()
