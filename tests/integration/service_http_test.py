"""Every call of the HTTP interface, as its users make it, against a real server."""

import hashlib
import http.client
import json
import struct
import threading
import unittest

from drawn_images import drawn_png
from service import IMAGES, SCENE, ServiceTest, wait_until

UNKNOWN = "00000000-0000-0000-0000-000000000000"


def safetensors_header(data):
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length])


class HttpCalls(ServiceTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scene = cls.server.upload(SCENE.read_bytes(), "scène é.jpg", "demo").json
        cls.image = f"/api/v1/images/{cls.scene['id']}"
        cls.server.wait_for_encoding(cls.scene["id"])

    def infer(self, **body):
        answer = self.server.post(f"{self.image}/infer", body)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    # Images

    def test_an_upload_is_described(self):
        self.assertEqual(self.scene["filename"], "scène é.jpg")
        self.assertEqual(self.scene["sha256"], hashlib.sha256(SCENE.read_bytes()).hexdigest())
        self.assertEqual(self.scene["media_type"], "image/jpeg")
        self.assertIn(self.scene["encoding_status"], ("pending", "processing", "completed"))
        self.assertFalse(self.scene["existing"])
        self.assertEqual(self.scene["project"], "demo")

    def test_the_same_file_again_is_the_same_image(self):
        again = self.server.upload(SCENE.read_bytes(), "other name.jpg", "demo")
        self.assertEqual((again.status, again.json["id"], again.json["existing"]), (201, self.scene["id"], True))
        elsewhere = self.server.upload(SCENE.read_bytes(), "scene.jpg", "other")
        self.assertNotEqual(elsewhere.json["id"], self.scene["id"])
        self.assertEqual(elsewhere.json["encoding_status"], "completed")

    def test_every_format_is_read(self):
        for name in ["photo.jpg", "photo.webp", "rgb.png", "rgb.tif", "frames.gif", "photo.heic", "photo.avif"]:
            with self.subTest(name):
                answer = self.server.upload((IMAGES / name).read_bytes(), name)
                self.assertEqual(answer.status, 201, answer)

    def test_images_by_id_in_the_order_asked_for(self):
        other = self.server.upload(drawn_png("second")).json["id"]
        answer = self.server.get(f"/api/v1/images?ids={other},{UNKNOWN},{self.scene['id']}").json
        self.assertEqual([image["id"] for image in answer["images"]], [other, self.scene["id"]])

    def test_pages_of_a_project(self):
        uploaded = [self.server.upload(drawn_png(f"page {i}"), project="pages").json["id"] for i in range(7)]
        listed, cursor = [], ""
        while cursor is not None:
            page = self.server.get(f"/api/v1/images?project=pages&limit=3&cursor={cursor}").json
            self.assertLessEqual(len(page["images"]), 3)
            listed += [image["id"] for image in page["images"]]
            cursor = page["next_cursor"]
        self.assertEqual(listed, uploaded)
        wait_until(
            lambda: len(self.server.get("/api/v1/images?project=pages&status=completed").json["images"]) == 7, 60, "all 7"
        )
        self.assertEqual(self.server.get("/api/v1/images?project=pages&status=failed").json["images"], [])
        projects = {p["name"]: p for p in self.server.get("/api/v1/projects").json["projects"]}
        self.assertEqual((projects["pages"]["images"], projects["pages"]["completed"]), (7, 7))

    def test_the_content_comes_back_whole_in_parts_and_not_again(self):
        whole = self.server.get(f"{self.image}/content")
        self.assertEqual(whole.body, SCENE.read_bytes())
        self.assertEqual(whole.headers["Content-Type"], "image/jpeg")
        self.assertEqual(whole.headers["X-Content-Type-Options"], "nosniff")
        self.assertIn("sandbox", whole.headers["Content-Security-Policy"])
        part = self.server.get(f"{self.image}/content", headers={"Range": "bytes=10-19"})
        self.assertEqual((part.status, part.body), (206, SCENE.read_bytes()[10:20]))
        unchanged = self.server.get(f"{self.image}/content", headers={"If-None-Match": whole.headers["ETag"]})
        self.assertEqual((unchanged.status, unchanged.body), (304, b""))

    def test_thumbnails_fit_into_their_square(self):
        answer = self.server.get(f"{self.image}/thumbnail?size=64")
        self.assertEqual(answer.headers["Content-Type"], "image/webp")
        self.assertEqual(answer.body[:4] + answer.body[8:12], b"RIFFWEBP")
        self.assertLess(len(answer.body), len(self.server.get(f"{self.image}/thumbnail").body))

    def test_a_deleted_image_is_gone_from_everywhere(self):
        image = self.uploaded(drawn_png("to be deleted"))
        path = f"/api/v1/images/{image}"
        self.assertEqual(self.server.get(f"{path}/encoding?download=1").status, 200)
        self.assertEqual(self.server.request("DELETE", path).status, 204)
        for suffix in ("", "/content", "/thumbnail", "/encoding", "/encoding?download=1"):
            self.assert_problem(self.server.get(path + suffix), 404)
        self.assert_problem(self.server.post(f"{path}/infer", {"text_prompt": "circle"}), 404)
        again = self.server.upload(drawn_png("to be deleted")).json
        self.assertFalse(again["existing"])
        self.assertEqual(self.server.wait_for_encoding(again["id"])["encoding_status"], "completed")

    def test_annotations_are_saved_unless_somebody_was_faster(self):
        path = f"{self.image}/annotations"
        first = self.server.get(path)
        self.assertEqual(first.json, {})
        saved = self.server.request("PUT", path, {"a": 1}, headers={"If-Match": first.headers["ETag"]})
        self.assertEqual((saved.status, saved.json["revision"]), (200, 1))
        late = self.server.request("PUT", path, {"a": 2}, headers={"If-Match": first.headers["ETag"]})
        self.assert_problem(late, 412)
        self.assertEqual(self.server.get(path).json, {"a": 1})

    # Encodings

    def test_encoding_again_says_that_it_is_there(self):
        answer = self.server.post(f"{self.image}/encode?wait=true").json
        self.assertEqual(answer["status"], "encoded")
        self.assertGreater(answer["size_mb"], 0)
        self.assertAlmostEqual(answer["size_mb"], answer["size_bytes"] / 1e6, places=2)
        state = self.server.get(f"{self.image}/encoding").json
        self.assertTrue(state["exists"])
        self.assertEqual(state["profiles"], ["trunk"])
        self.assertEqual(state["size_bytes"], answer["size_bytes"])

    def test_an_upload_that_waits_is_encoded(self):
        image = self.server.upload(drawn_png("waits")).json["id"]
        answer = self.server.post(f"/api/v1/images/{image}/encode?wait=true").json
        self.assertEqual(answer["status"], "encoded")
        self.assertEqual(self.server.get(f"/api/v1/images/{image}").json["encoding_status"], "completed")

    def test_the_encoding_is_a_safetensors_file(self):
        path = f"{self.image}/encoding"
        asked = self.server.get(path, headers={"Accept": "application/octet-stream"})
        self.assertEqual(asked.headers["Content-Type"], "application/octet-stream")
        self.assertIn("immutable", asked.headers["Cache-Control"])
        self.assertIn("attachment", asked.headers["Content-Disposition"])
        header = safetensors_header(asked.body)
        self.assertEqual(header["__metadata__"]["image_sha256"], self.scene["sha256"])
        self.assertIn("trunk", header)
        self.assertEqual(self.server.get(f"{path}?download=1").body, asked.body)
        tail = self.server.get(f"{path}?download=1", headers={"Range": "bytes=-100"})
        self.assertEqual((tail.status, tail.body), (206, asked.body[-100:]))
        again = self.server.get(f"{path}?download=1", headers={"If-None-Match": asked.headers["ETag"]})
        self.assertEqual(again.status, 304)

    def test_other_profiles_and_types_are_derived(self):
        path = f"{self.image}/encoding?download=1"
        interactive = safetensors_header(self.server.get(f"{path}&profile=interactive").body)
        self.assertIn("image_embeddings.2", interactive)
        halves = safetensors_header(self.server.get(f"{path}&profile=interactive&dtype=fp16").body)
        self.assertEqual(halves["image_embeddings.0"]["dtype"], "F16")
        self.assertIn("backbone_fpn_2", safetensors_header(self.server.get(f"{path}&profile=detector").body))
        # The demo model's checkpoint has no fourth neck level, which the seed's layout holds.
        self.assert_problem(self.server.get(f"{path}&layout=seed"), 400, "level")

    def test_an_encoding_from_elsewhere_is_checked_and_kept(self):
        path = f"{self.image}/encoding"
        data = self.server.get(f"{path}?download=1").body
        octets = {"Content-Type": "application/octet-stream"}
        self.assertEqual(self.server.request("PUT", path, data, headers=octets).status, 200)
        damaged = data[:-1] + bytes([data[-1] ^ 1])
        self.assert_problem(self.server.request("PUT", path, damaged, headers=octets), 422)
        other = self.server.upload(drawn_png("another's encoding")).json["id"]
        self.assertIn(self.server.request("PUT", f"/api/v1/images/{other}/encoding", data, headers=octets).status, (400, 422))

    def test_a_batch_reports_its_progress(self):
        ids = [self.server.upload(drawn_png(f"batch {i}")).json["id"] for i in range(3)]
        started = self.server.post("/api/v1/encodings/batch", {"image_ids": ids})
        self.assertEqual((started.status, started.json["status"]), (202, "started"))
        job = f"/api/v1/jobs/{started.json['job_id']}"
        self.assertEqual(started.headers["Location"], job)
        wait_until(lambda: self.server.get(job).json["status"] == "completed", 60, "the batch is done")
        self.assertEqual(self.server.get(job).json["done"], 3)
        self.assertEqual(self.server.get(job).json["total"], 3)

    # Prompts

    def test_a_text_finds_everything_of_the_kind(self):
        answer = self.infer(text_prompt="circle", confidence_threshold=0.3)
        self.assertEqual(len(answer["masks"]), len(answer["scores"]))
        self.assertEqual(answer["scores"], sorted(answer["scores"], reverse=True))
        self.assertEqual(set(answer["timing"]), {"load_ms", "prompt_ms", "mask_ms"})
        self.assertIn(answer["cache"], ("device", "memory", "disk", "remote"))

    def test_the_seeds_body_works_as_it_stands(self):
        answer = self.infer(
            text_prompt="circle", boxes=[{"coords": [0.1, 0.2, 0.3, 0.4], "positive": True}], confidence_threshold=0.5
        )
        self.assertIsInstance(answer["masks"], list)
        self.assertGreater(answer["latency_ms"], 0)

    def test_a_click_is_one_object_in_every_form(self):
        click = {"points": [{"coords": [0.25, 0.35]}]}
        rle = self.infer(**click)["masks"][0]
        self.assertEqual(rle["size"], [self.scene["height"], self.scene["width"]])
        self.assertTrue(self.infer(**click, mask_format="png")["masks"][0].startswith("iVBOR"))
        self.assertTrue(self.infer(**click, mask_format="polygon")["masks"][0])
        none = self.infer(**click, mask_format="none")
        self.assertEqual((none["masks"], len(none["boxes"])), ([], 1))
        url = self.infer(**click, mask_format="url")["masks"][0]
        picture = self.server.get(url.removeprefix(self.server.url))
        self.assertEqual((picture.status, picture.headers["Content-Type"]), (200, "image/png"))
        self.assertGreater(len(self.infer(**click, multimask_output=True)["masks"]), 1)

    def test_units_and_box_formats_say_the_same(self):
        width, height = self.scene["width"], self.scene["height"]
        forms = [
            {"boxes": [{"coords": [0.2, 0.3, 0.4, 0.5]}]},
            {"boxes": [{"coords": [0.3, 0.4, 0.2, 0.2]}], "box_format": "cxcywh"},
            {"boxes": [{"coords": [0.2, 0.3, 0.2, 0.2]}], "box_format": "xywh"},
            {"boxes": [{"coords": [0.2 * width, 0.3 * height, 0.4 * width, 0.5 * height]}], "units": "pixel"},
        ]
        answers = [self.infer(**form, mode="interactive") for form in forms]
        for answer in answers[1:]:
            for found, expected in zip(answer["boxes"][0], answers[0]["boxes"][0]):
                self.assertAlmostEqual(found, expected, delta=1)

    def test_a_mask_starts_the_next_prompt(self):
        click = {"points": [{"coords": [0.25, 0.35]}]}
        first = self.infer(**click, return_logits=True)
        self.assertEqual(len(self.infer(mask_input=first["masks"][0])["masks"]), 1)
        self.assertEqual(len(self.infer(**click, mask_input={"logits": first["logits"][0]})["masks"]), 1)

    def test_an_image_that_is_not_encoded_is_encoded_first_or_not(self):
        image = self.server.upload(drawn_png("prompted at once", 400, 300)).json["id"]
        answer = self.server.post(f"/api/v1/images/{image}/infer", {"points": [{"coords": [0.5, 0.5]}]})
        self.assertEqual(answer.status, 200, answer)

    # Events, caches, the model, health

    def test_events_tell_of_every_change(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events?project=events")
        response = connection.getresponse()
        self.assertEqual(response.headers.get_content_type(), "text/event-stream")
        seen = []

        def read():
            event = None
            while not (seen and seen[-1]["encoding_status"] == "completed"):
                name, _, value = response.readline().decode().rstrip("\n").partition(":")
                if name == "event":
                    event = value.strip()
                elif name == "data" and event == "status":
                    seen.append(json.loads(value))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        image = self.server.upload(drawn_png("with events"), project="events").json["id"]
        reader.join(60)
        self.assertFalse(reader.is_alive(), seen)
        self.assertEqual({event["id"] for event in seen}, {image})
        self.assertIsNotNone(seen[-1]["encoded_at"])

    def test_an_images_stream_begins_with_its_status(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", f"{self.image}/events")
        response = connection.getresponse()
        while not (line := response.readline().decode()).startswith("data:"):
            pass
        self.assertEqual(json.loads(line[5:])["encoding_status"], "completed")

    def test_caches_are_warmed_and_counted(self):
        warmed = self.server.post("/api/v1/cache/warm", {"project": "demo"})
        self.assertEqual((warmed.status, warmed.json["status"]), (202, "started"))
        self.assertEqual(self.server.post("/api/v1/cache/warm", {"image_ids": [self.scene["id"]]}).status, 202)
        stats = self.server.get("/api/v1/cache/stats").json
        self.assertTrue(stats["tiers"])
        self.infer(points=[{"coords": [0.5, 0.5]}])
        self.infer(points=[{"coords": [0.5, 0.5]}])
        self.assertGreater(self.server.get("/api/v1/cache/stats").json["device"]["hits"], 0)

    def test_the_model_and_its_parts(self):
        model = self.server.get("/api/v1/models/current").json
        self.assertEqual(model["device"], "cpu")
        header = safetensors_header(self.server.get(f"{self.image}/encoding?download=1").body)
        self.assertEqual(header["__metadata__"]["model_fingerprint"], model["fingerprint"])
        for part in model["parts"]:
            with self.subTest(part["name"]):
                graph = self.server.get(part["url"], timeout=120)
                self.assertEqual(graph.status, 200, graph)
                self.assertIn("immutable", graph.headers["Cache-Control"])

    def test_health_and_metrics(self):
        for path in ("/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"):
            answer = self.server.get(path)
            self.assertEqual((answer.status, answer.json["status"]), (200, "ok"), path)
        metrics = self.server.get("/metrics").body.decode()
        for word in ("samcache_", "_bucket{", "queue", "tier"):
            self.assertIn(word, metrics)
        self.assertTrue(self.server.get("/openapi.yaml").body.startswith(b"openapi: 3.1"))

    def test_requests_are_named(self):
        kept = self.server.get("/healthz", headers={"X-Request-Id": "from-the-client.1"})
        self.assertEqual(kept.headers["X-Request-Id"], "from-the-client.1")
        made = self.server.get("/healthz", headers={"X-Request-Id": "bad id\u00e9"}).headers["X-Request-Id"]
        self.assertTrue(made and " " not in made)


if __name__ == "__main__":
    unittest.main()
