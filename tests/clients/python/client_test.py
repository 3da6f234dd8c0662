"""The Python client against a real server with the demo model: what it does, its README's examples, faulty answers."""

import contextlib
import http.server
import io
import json
import pathlib
import re
import sys
import tempfile
import threading
import unittest
import uuid

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "clients" / "python"))
sys.path.insert(0, str(ROOT / "tests" / "integration"))

import samcache_client
from drawn_images import drawn_png
from samcache_client import (
    ApiError,
    Client,
    LocalEncodingStore,
    NotEncoded,
    SAM3Service,
    SamcacheError,
    ServiceEncodingStore,
)
from service import SCENE, ServiceTest, create_token

OBJECTS = json.loads(SCENE.with_suffix(".json").read_text())["objects"]


def iou(first, second):
    return (first & second).sum() / max((first | second).sum(), 1)


def truth(**properties):
    """Masks of the scene's objects that are so."""
    wanted = [thing for thing in OBJECTS if all(thing[key] == value for key, value in properties.items())]
    return [samcache_client.mask_from_rle(thing["mask"]) for thing in wanted]


class ClientTest(ServiceTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = Client(cls.server.url)
        cls.addClassCleanup(cls.client.close)
        cls.image = cls.client.upload(SCENE)["id"]
        cls.client.wait(cls.image)

    def assert_found(self, answer, masks):
        self.assertEqual(len(answer.masks), len(masks))
        for mask in masks:
            self.assertGreater(max(iou(mask, found) for found in answer.masks), 0.7)


class Images(ClientTest):
    def test_an_upload_has_its_name_and_is_the_same_again(self):
        data = drawn_png("upload")
        first = self.client.upload(data, filename='quo"ted\r\n.png', project="cats")
        self.assertEqual(first["project"], "cats")
        self.assertNotIn("\n", first["filename"])
        self.assertEqual(self.client.upload(io.BytesIO(data), project="cats")["id"], first["id"])
        self.assertEqual(self.client.content(first["id"]), data)
        self.assertIn(first["id"], [image["id"] for image in self.client.images(project="cats")])
        self.client.delete(first["id"])
        with self.assertRaises(ApiError) as gone:
            self.client.image(first["id"])
        self.assertEqual(gone.exception.status, 404)

    def test_lists_go_on_over_pages(self):
        ids = {self.client.upload(drawn_png(f"page {i}"), project="pages")["id"] for i in range(3)}
        pages = []
        whole = self.client._call
        self.client._call = lambda *a, **k: pages.append(k) or whole(*a, **{**k, "query": {**k["query"], "limit": 2}})
        self.addCleanup(lambda: self.client.__dict__.pop("_call"))
        self.assertEqual({image["id"] for image in self.client.images(project="pages")}, ids)
        self.assertEqual(len(pages), 2)

    def test_annotations_are_saved_by_revision(self):
        document, etag = self.client.annotations(self.image)
        self.assertEqual(document, {})
        self.assertEqual(self.client.put_annotations(self.image, {"a": [1]}, etag), 1)
        with self.assertRaises(ApiError) as conflict:
            self.client.put_annotations(self.image, {"b": 1}, etag)
        self.assertEqual(conflict.exception.status, 412)
        self.assertEqual(self.client.annotations(self.image)[0], {"a": [1]})

    def test_events_tell_what_happens(self):
        kinds = [(event.type, event.data["id"]) for _, event in zip(range(1), self.client.events(self.image))]
        self.assertEqual(kinds, [("status", self.image)])
        with self.assertRaises(ApiError):
            next(self.client.events(str(uuid.uuid4())))

    def test_a_batch_is_waited_for(self):
        ids = [self.client.upload(drawn_png(f"batch {i}"))["id"] for i in range(2)]
        job = self.client.wait_for_job(self.client.start_batch(ids), timeout=120)
        self.assertEqual((job["status"], job["total"]), ("completed", 2))
        self.client.warm(ids)
        self.assertTrue(self.client.cache_stats())
        self.assertTrue(self.client.model())

    def test_what_cannot_be_encoded_in_time_is_said(self):
        image = self.client.upload(drawn_png("impatient"))["id"]
        with self.assertRaises(NotEncoded):
            self.client.wait(image, timeout=0)
        self.client.wait(image)


class Prompts(ClientTest):
    def test_a_text_finds_every_instance(self):
        self.assert_found(self.client.infer(self.image, text="black bird"), truth(kind="bird", colour="black"))

    def test_a_click_and_a_box_find_one_object(self):
        (cat, *_) = truth(kind="cat")
        rows, columns = np.nonzero(cat)
        middle = [float(np.median(columns)), float(np.median(rows))]
        self.assert_found(self.client.infer(self.image, points=[middle], units="pixel"), [cat])
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        found = self.client.infer(self.image, boxes=[box], points=[(middle, True)], units="pixel", mode="interactive")
        self.assert_found(found, [cat])
        mask = samcache_client.rle_from_mask(found.masks[0])
        again = self.client.infer(self.image, points=[middle], mask_input=mask, units="pixel")
        self.assert_found(again, [cat])

    def test_nothing_found_is_no_mask(self):
        answer = self.client.infer(self.image, text="black bird", threshold=1)
        self.assertEqual(answer.masks.shape, (0, 360, 480))
        self.assertEqual(answer.boxes.shape, (0, 4))

    def test_a_refusal_says_why(self):
        with self.assertRaises(ApiError) as refused:
            self.client.infer(self.image)
        self.assertEqual(refused.exception.status, 400)
        self.assertIn("asks for nothing", refused.exception.detail)
        with self.assertRaises(SamcacheError):
            self.client.infer(self.image, points=[[1, 2, 3]])

    def test_run_lengths_are_the_same_both_ways(self):
        for mask in (np.zeros((3, 5), bool), np.ones((3, 5), bool), np.random.default_rng(1).random((37, 23)) > 0.5):
            np.testing.assert_array_equal(samcache_client.mask_from_rle(samcache_client.rle_from_mask(mask)), mask)
        for rle in ({"size": [2, 2], "counts": "3"}, {"size": [2, 2], "counts": "`"}, {"size": [2, 2], "counts": "\n"}):
            with self.assertRaises(ValueError):
                samcache_client.mask_from_rle(rle)


class Encodings(ClientTest):
    def test_profiles_and_their_shapes(self):
        trunk = self.client.encoding(self.image)
        self.assertEqual((trunk.profile, trunk.original_width, trunk.original_height), ("trunk", 480, 360))
        self.assertEqual(list(trunk.tensors), ["trunk"])
        detector = self.client.encoding(self.image, profile="detector")
        sides = [level.shape[-1] for level in detector.tensors.values()]
        self.assertEqual(sides, [4 * sides[2], 2 * sides[2], sides[2]])
        self.assertTrue(self.client.encoding_state(self.image)["exists"])

    def test_a_download_goes_on_where_it_broke_and_is_not_made_twice(self):
        path = self.folder / "download" / "trunk.safetensors"
        path.parent.mkdir()
        whole = self.client.encoding_bytes(self.image)
        etag = self.server.get(f"/api/v1/images/{self.image}/encoding?download=1").headers["ETag"]
        path.with_name("trunk.safetensors.part").write_bytes(whole[:1000])
        path.with_name("trunk.safetensors.part.etag").write_text(etag)
        with recorded(self.client) as statuses:
            self.assertEqual(self.client.download_encoding(self.image, path), path)
            self.assertEqual(path.read_bytes(), whole)
            self.client.download_encoding(self.image, path)
        self.assertEqual(statuses, [206, 304])
        # A part of another file, or of none, is not continued.
        path.unlink()
        for etag, status in [('"another"', [200]), ("", [200])]:
            path.with_name("trunk.safetensors.part").write_bytes(b"x" * 1000)
            path.with_name("trunk.safetensors.part.etag").write_text(etag)
            path.with_name("trunk.safetensors.etag").unlink(missing_ok=True)
            with recorded(self.client) as statuses:
                self.client.download_encoding(self.image, path)
            self.assertEqual((statuses, path.read_bytes()), (status, whole))

    def test_the_service_store(self):
        store = ServiceEncodingStore(self.client)
        key = uuid.UUID(self.client.upload(drawn_png("store"))["id"])
        store.save(key)
        self.assertTrue(store.exists(key))
        self.assertIsNone(store.load(key)["backbone_out"]["sam2_backbone_out"])
        store.delete(key)
        self.assertFalse(store.exists(key))
        store.delete(key)
        with self.assertRaises(KeyError):
            store.load(key)


@contextlib.contextmanager
def recorded(client):
    """The statuses of the answers that come in meanwhile."""
    statuses, whole = [], client._transport.open

    def recording(*arguments, **options):
        response = whole(*arguments, **options)
        statuses.append(response.status)
        return response

    client._transport.open = recording
    try:
        yield statuses
    finally:
        del client._transport.open


class FakeProcessor:
    """Stands for the official one, which needs torch: notes what it is asked."""

    def __init__(self):
        self.calls = []

    def reset_all_prompts(self, state):
        self.calls.append("reset")

    def set_text_prompt(self, prompt, state):
        self.calls.append(prompt)
        return {**state, "masks": "masks", "boxes": "boxes", "scores": "scores"}

    def add_geometric_prompt(self, box, label, state):
        self.calls.append((box, label))
        return state


class FirstDesign(ClientTest):
    def test_its_service(self):
        processor = FakeProcessor()
        store = LocalEncodingStore(self.folder / "first")
        service = SAM3Service(self.client, store, local_cache_size=1, processor=processor)
        image_id = service.encode_image(SCENE)
        self.assertEqual(str(image_id), self.image)
        state = service.get_encoding(image_id)
        self.assertTrue(store.exists(image_id))
        self.assertIs(service.get_encoding(image_id), state)
        found = service.infer(image_id, text_prompt="black bird")
        self.assertEqual(len(found["masks"]), len(truth(kind="bird", colour="black")))
        (x0, y0, x1, y1) = next(thing["box"] for thing in OBJECTS if thing["kind"] == "cat")
        box = [(x0 + x1) / 2 / 480, (y0 + y1) / 2 / 360, (x1 - x0) / 480, (y1 - y0) / 360]
        by_example = service.infer(image_id, boxes=[(box, True)])
        self.assertEqual(len(by_example["masks"]), len(truth(kind="cat", colour="orange")))
        here = service.infer_with_encoding(image_id, "cat", [(box, False)])
        self.assertEqual(here["masks"], "masks")
        self.assertEqual(processor.calls, ["reset", "cat", (box, False)])
        with self.assertRaises(SamcacheError):
            SAM3Service(self.client).infer_with_encoding(image_id, "cat")

    def test_the_readmes_examples_work(self):
        readme = (ROOT / "clients" / "python" / "README.md").read_text()
        examples = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(examples), 5)
        with tempfile.TemporaryDirectory() as folder:
            names = {"url": self.server.url, "picture": SCENE, "folder": pathlib.Path(folder)}
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                for example in examples:
                    exec(compile(example, "README.md", "exec"), names)
            names["client"].close()
        self.assertIn("(2, 360, 480) bool", output.getvalue())
        self.assertEqual(len(names["cats"].masks), len(truth(kind="cat", colour="orange")))
        self.assertEqual(len(names["one"].masks), 1)


class WithToken(ServiceTest):
    @classmethod
    def prepare(cls):
        cls.token = create_token(cls.backend, "reader", "read")["token"]

    def test_a_token_is_sent(self):
        with Client(self.server.url, self.token) as client:
            self.assertEqual(list(client.images()), [])
            with self.assertRaises(ApiError) as refused:
                client.upload(drawn_png("forbidden"))
            self.assertEqual(refused.exception.status, 403)
        for token in (None, "sct_wrong"):
            with Client(self.server.url, token) as client, self.assertRaises(ApiError) as refused:
                list(client.images())
            self.assertEqual(refused.exception.status, 401)


class FaultyServer(http.server.BaseHTTPRequestHandler):
    """Answers what `script` holds, in turn: (status, headers, body, bytes of it that are sent)."""

    protocol_version = "HTTP/1.1"
    script = []
    seen = []
    paths = []

    def do_GET(self):
        FaultyServer.paths.append(self.path)
        FaultyServer.seen.append(dict(self.headers))
        status, headers, body, sent = FaultyServer.script.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])
        if sent < len(body):
            self.close_connection = True

    def log_message(self, *arguments):
        pass


class Faults(unittest.TestCase):
    def setUp(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FaultyServer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.client = Client(f"http://127.0.0.1:{server.server_address[1]}", patience=5)
        self.addCleanup(self.client.close)
        FaultyServer.script, FaultyServer.seen, FaultyServer.paths = [], [], []

    def test_a_busy_server_is_asked_again(self):
        FaultyServer.script = [(429, {"Retry-After": "0"}, b"{}", 2), (200, {}, b'{"id": 1}', 9)]
        self.assertEqual(self.client.image("x"), {"id": 1})
        FaultyServer.script = [(503, {"Retry-After": "100"}, b'{"title": "T", "detail": "D"}', 100)]
        with self.assertRaises(ApiError) as gave_up:
            self.client.image("x")
        self.assertEqual((gave_up.exception.title, gave_up.exception.detail), ("T", "D"))

    def test_an_answer_that_is_no_problem_details_is_an_error_all_the_same(self):
        for body in (b"<html>", b"[1]", b""):
            FaultyServer.script = [(502, {}, body, len(body))]
            with self.assertRaises(ApiError) as error:
                self.client.image("x")
            self.assertEqual(error.exception.status, 502)

    def test_an_image_id_is_one_segment_of_the_path(self):
        FaultyServer.script = [(200, {}, b"{}", 2)]
        self.client.image("../../metrics?x")
        self.assertEqual(FaultyServer.paths, ["/api/v1/images/..%2F..%2Fmetrics%3Fx"])

    def test_a_download_survives_broken_lines(self):
        whole = bytes(range(256)) * 40
        tag = {"ETag": '"e"'}
        FaultyServer.script = [
            (200, tag, whole, 4000),
            (206, tag, whole[4000:], 2000),
            (206, tag, whole[6000:], len(whole)),
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = self.client.download_encoding("x", pathlib.Path(folder) / "x.safetensors")
            self.assertEqual(path.read_bytes(), whole)
            left = sorted(item.name for item in pathlib.Path(folder).iterdir())
            self.assertEqual(left, ["x.safetensors", "x.safetensors.etag"])
        self.assertEqual([seen.get("Range") for seen in FaultyServer.seen], [None, "bytes=4000-", "bytes=6000-"])
        self.assertEqual(FaultyServer.seen[1]["If-Range"], '"e"')

    def test_a_server_that_is_not_there(self):
        with self.assertRaises(SamcacheError):
            Client("http://127.0.0.1:9").image("x")
        for url in ("", "host", "ftp://host"):
            with self.assertRaises(ValueError):
                Client(url)


if __name__ == "__main__":
    unittest.main()
