"""docs/openapi.yaml walked against a real server: every path, method and documented status is provoked.

A status that is documented and has no request in the table fails the test, and so does an answer with one that is not.
"""

import base64
import http.client
import itertools
import json
import os
import unittest

from drawn_images import SVG_WITH_SCRIPT, drawn_png
from openapi import OpenApi
from service import ROOT, SCENE, ServiceTest, create_token, multipart

UNKNOWN = "00000000-0000-0000-0000-000000000000"
OPENAPI = OpenApi((ROOT / "docs" / "openapi.yaml").read_text())
OCTETS = {"Content-Type": "application/octet-stream"}
JSON = {"Content-Type": "application/json"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
}
KEPT_BUSY = 40  # images: how many uploads keep the worker busy while one request is made


class OpenApiWalk(ServiceTest):
    server_arguments = ("--max-upload", "4MiB")

    @classmethod
    def prepare(cls):
        cls.admin = create_token(cls.backend, "all", "admin")["token"]
        cls.limited = [
            create_token(cls.backend, "reader", "read")["token"],
            create_token(cls.backend, "writer", "write")["token"],
            create_token(cls.backend, "both", "read,write")["token"],
            create_token(cls.backend, "one project", "read,write", "--project", "demo")["token"],
        ]
        cls.seeds = itertools.count()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.id = cls.server.upload(SCENE.read_bytes(), "scene.jpg", "demo", token=cls.admin).json["id"]
        cls.server.wait_for_encoding(cls.id, token=cls.admin)
        cls.encoding = cls.call("GET", f"/api/v1/images/{cls.id}/encoding?download=1").body
        cls.parts = cls.call("GET", "/api/v1/models/current").json["parts"]

    # One request. The answer's body is left unread where the server would never end it.

    @classmethod
    def call(cls, method, path, body=None, headers=None, token=None, length=None):
        """`length`: announces a body of so many bytes and sends none, which is enough to be refused."""
        headers = {"Authorization": f"Bearer {token or cls.admin}", **(headers or {})}
        if token == "":
            del headers["Authorization"]
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body).encode(), {**JSON, **headers}
        if length is not None:
            headers["Content-Length"] = str(length)
        connection = http.client.HTTPConnection("127.0.0.1", cls.server.port, timeout=120)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            response.body = b""
            if response.headers.get_content_type() != "text/event-stream" and response.status != 101:
                response.body = response.read()
            return _Seen(response)
        finally:
            connection.close()

    def upload(self, data):
        body, content_type = multipart(data, "picture.png")
        return self.call("POST", "/api/v1/images", body, {"Content-Type": content_type})

    def unencoded(self):
        """The id of an image that is not encoded yet, since many were uploaded before it."""
        for _ in range(KEPT_BUSY):
            self.upload(drawn_png(next(self.seeds)))
        return self.upload(drawn_png(next(self.seeds))).json["id"]

    def of_image(self, method, suffix, statuses):
        """Adds what all calls about one image share: 404 for one that does not exist."""
        path = f"/api/v1/images/{{id}}{suffix}"
        some = next(iter(statuses.values()))
        return {(method, path): {**statuses, 404: some.about(UNKNOWN)}}

    def table(self):
        """{(METHOD, path): {status: request that provokes it}}, without 401 and 403."""
        get = lambda query="", **options: _Request("GET", query=query, **options)
        put = lambda body=None, **options: _Request("PUT", body=body, **options)
        post = lambda body=None, **options: _Request("POST", body=body, **options)
        tag = lambda path: {"If-None-Match": self.call("GET", path).headers["ETag"]}
        image = f"/api/v1/images/{self.id}"
        ranges = lambda query="": {
            206: get(query, headers={"Range": "bytes=0-9"}),
            416: get(query, headers={"Range": "bytes=999999999-"}),
        }
        job = self.call("POST", "/api/v1/encodings/batch", {"image_ids": [self.id]}).json["job_id"]
        click = {"points": [{"coords": [0.5, 0.5]}]}
        form, form_type = multipart(drawn_png(next(self.seeds)), "picture.png")
        svg, svg_type = multipart(SVG_WITH_SCRIPT, "picture.svg")
        damaged, damaged_type = multipart(SCENE.read_bytes()[:2000], "scene.jpg")
        mask = self.call("POST", f"{image}/infer", {**click, "mask_format": "url"}).json["masks"][0]
        ids = {200: get(), 404: get().about(UNKNOWN)}
        json_body = {400: post(b"{", headers=JSON), 413: post(length=64 << 20, headers=JSON), 415: post(b"x", headers=OCTETS)}
        part = self.parts[0]["name"] if self.parts else "none"

        rows = {
            ("GET", "/api/v1/images"): {200: get("?limit=2"), 400: get("?limit=0")},
            ("POST", "/api/v1/images"): {
                201: post(form, headers={"Content-Type": form_type}),
                400: post(b"no form", headers={"Content-Type": "multipart/form-data; boundary=x"}),
                413: post(length=64 << 20, headers=OCTETS),
                415: post(svg, headers={"Content-Type": svg_type}),
                422: post(damaged, headers={"Content-Type": damaged_type}),
            },
            ("GET", "/api/v1/events"): {200: get()},
            ("GET", "/api/v1/projects"): {200: get()},
            ("POST", "/api/v1/encodings/batch"): {
                **json_body, 202: post({"image_ids": [self.id]}), 404: post({"image_ids": [UNKNOWN]})
            },
            ("GET", "/api/v1/jobs/{id}"): {200: get().about(job), 404: get().about("no-such-job")},
            ("DELETE", "/api/v1/jobs/{id}"): {
                204: _Request("DELETE").about(job), 404: _Request("DELETE").about("no-such-job")
            },
            ("GET", "/api/v1/masks/{id}"): {200: get().about(mask.rsplit("/", 1)[1][:32]), 404: get().about("x" * 32)},
            ("POST", "/api/v1/cache/warm"): {
                **json_body, 202: post({"project": "demo"}), 404: post({"image_ids": [UNKNOWN]})
            },
            ("GET", "/api/v1/cache/stats"): {200: get()},
            ("GET", "/api/v1/models/current"): {200: get()},
            ("GET", "/api/v1/models/current/{part}.onnx"): {
                **{status: request.about(part) for status, request in ranges().items()},
                200: get().about(part),
                304: get(headers=lambda: tag(f"/api/v1/models/current/{part}.onnx")).about(part),
                400: get("?dtype=int4").about(part),
                404: get().about("no_such_part"),
            },
            ("GET", "/metrics"): {200: get()},
            ("GET", "/openapi.yaml"): {200: get(), 304: get(headers=lambda: tag("/openapi.yaml"))},
        }
        for path in ("/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"):
            rows["GET", path] = {200: get()}
        of_image = self.of_image
        rows |= of_image("GET", "", ids)
        rows |= of_image("DELETE", "", {204: _Request("DELETE").about(lambda: self.unencoded())})
        rows |= of_image("GET", "/content", {200: get(), **ranges(), 304: get(headers=lambda: tag(f"{image}/content"))})
        rows |= of_image("GET", "/thumbnail", {
            200: get(), 304: get(headers=lambda: tag(f"{image}/thumbnail")), 400: get("?size=2")
        })
        rows |= of_image("POST", "/encode", {
            200: _Request("POST", query="?wait=true"),
            202: post().about(lambda: self.unencoded()),
            400: _Request("POST", query="?wait=perhaps"),
        })
        rows |= of_image("GET", "/encoding", {
            200: get(),
            **ranges("?download=1"),
            304: get("?download=1", headers=lambda: tag(f"{image}/encoding?download=1")),
            400: get("?download=1&profile=nose"),
            406: get(headers={"Accept": "image/png"}),
        })
        rows |= of_image("PUT", "/encoding", {
            200: put(self.encoding, headers=OCTETS),
            201: put(self.encoding, headers=OCTETS).about(self.without_encoding),
            400: put(self.encoding, headers=OCTETS).about(lambda: self.unencoded()),  # it is of another image
            413: put(length=64 << 30, headers=OCTETS),
            415: put(b"{}", headers=JSON),
            422: put(self.encoding[:-1] + b"\x55\xaa", headers=OCTETS),
        })
        rows |= of_image("POST", "/infer", {
            200: post(click),
            400: post({"text_promt": "circle"}),
            409: _Request("POST", query="?wait=false", body=click).about(lambda: self.unencoded()),
            413: post(length=64 << 20, headers=JSON),
            415: post(b"x", headers=OCTETS),
        })
        rows |= of_image("GET", "/interactive", {101: get(headers=UPGRADE), 426: get()})
        rows |= of_image("GET", "/annotations", {200: get(), 304: get(headers=lambda: tag(f"{image}/annotations"))})
        match = lambda: {**JSON, "If-Match": self.call("GET", f"{image}/annotations").headers["ETag"]}
        rows |= of_image("PUT", "/annotations", {
            200: put(b'{"shapes": []}', headers=match),
            400: put(b"{", headers=match),
            412: put(b"{}", headers={**JSON, "If-Match": '"12345"'}),
            413: put(length=64 << 20, headers={**JSON, "If-Match": '"1"'}),
            415: put(b"x", headers={**OCTETS, "If-Match": '"1"'}),
            428: put(b"{}", headers=JSON),
        })
        rows |= of_image("GET", "/events", {200: get()})
        return rows

    def without_encoding(self):
        """The scene without its encoding: deleted, and uploaded again behind many others."""
        self.call("DELETE", f"/api/v1/images/{self.id}")
        self.unencoded()
        body, content_type = multipart(SCENE.read_bytes(), "scene.jpg", "demo")
        again = self.call("POST", "/api/v1/images", body, {"Content-Type": content_type}).json
        self.assertEqual(again["id"], self.id)
        return self.id

    def make(self, request, path, token=None):
        subject = request.subject() if callable(request.subject) else request.subject
        for name in ("{id}", "{part}"):
            path = path.replace(name, subject or self.id)
        headers = request.headers() if callable(request.headers) else request.headers
        return self.call(request.method, path + request.query, request.body, headers, token, request.length)

    def check_answer(self, answer, response):
        """The body against the documented schema."""
        content = response.get("content", {})
        kind = answer.headers.get_content_type() if answer.headers["Content-Type"] else None
        if not content:
            self.assertEqual(answer.body, b"", "no body is documented")
            return
        documented = kind in content or "*/*" in content or f"{(kind or '').split('/')[0]}/*" in content
        self.assertTrue(documented, f"{kind} is none of {list(content)}")
        if kind in ("application/json", "application/problem+json"):
            self.assertEqual(OPENAPI.faults(content.get(kind, {}).get("schema", {}), answer.json), [])
        for name in response.get("headers", {}):
            if kind == "application/json" and name in ("Cache-Control", "Content-Disposition"):
                continue  # of the file, which the same status answers in another form
            if kind == "application/json" and name == "ETag" and "octet-stream" in str(content):
                continue
            self.assertIsNotNone(answer.headers[name], f"{name} is documented")

    def test_every_documented_status_is_answered_and_no_other(self):
        table = self.table()
        operations = OPENAPI.operations()
        self.assertEqual(set(table), set(operations), "the table and the document name the same calls")
        for (method, path), responses in operations.items():
            requests = table[method, path]
            provoked = set(responses) - {401, 403}
            self.assertEqual(set(requests), provoked, f"{method} {path}")
            for status, request in sorted(requests.items()):
                with self.subTest(f"{method} {path} → {status}"):
                    answer = self.make(request, path)
                    self.assertEqual(answer.status, status, answer.body[:300])
                    self.check_answer(answer, responses[status])

    def test_tokens_are_asked_for_where_it_is_documented(self):
        table = self.table()
        for (method, path), responses in OPENAPI.operations().items():
            request = next(iter(table[method, path].values()))
            with self.subTest(f"{method} {path} without a token"):
                answer = self.make(request, path, token="")
                self.assertEqual(answer.status == 401, 401 in responses, answer.status)
                if answer.status == 401:
                    self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
            with self.subTest(f"{method} {path} with too small a token"):
                statuses = [self.make(request, path, token=token).status for token in self.limited]
                self.assertEqual(403 in statuses, 403 in responses, statuses)

    def test_other_methods_are_405_and_other_paths_404(self):
        documented = {}
        for method, path in OPENAPI.operations():
            documented.setdefault(path, set()).add(method)
        for path, methods in documented.items():
            with self.subTest(path):
                answer = self.make(_Request("PATCH"), path)
                self.assertEqual(answer.status, 405)
                self.assertEqual(set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"}, methods)
        for path in ("/", "/api", "/api/v1", "/api/v1/images/", "/api/v1/nothing", "/healthz/x"):
            with self.subTest(path):
                self.assertEqual(self.call("GET", path).status, 404)


class _Request:
    def __init__(self, method, query="", body=None, headers=None, length=None, subject=None):
        self.method, self.query, self.body, self.headers = method, query, body, headers
        self.length, self.subject = length, subject

    def about(self, subject):
        """The same about something else: an id, or a function that makes one when it is needed."""
        return _Request(self.method, self.query, self.body, self.headers, self.length, subject)


class _Seen:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.body

    @property
    def json(self):
        return json.loads(self.body)


if __name__ == "__main__":
    unittest.main()
