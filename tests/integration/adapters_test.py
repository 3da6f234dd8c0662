"""Label Studio, X-AnyLabeling and CVAT, with bodies as those tools send them, on the demo model."""

import base64
import json
import re
import unittest
import unittest.mock

from annotation_tools import (
    BIRDS,
    CAT,
    HEIGHT,
    JPEG,
    LABEL_CONFIG,
    WIDTH,
    FakeLabelStudio,
    brush_rows,
    columns_first,
    data_uri,
    label_studio_body,
    label_studio_box,
    label_studio_click,
    middle,
    polygon_rows,
    start_fake,
)
from demo_model_cli_test import iou, named, pixels
from drawn_images import drawn_png
from service import ROOT, ServiceTest, create_token


class AdapterTest(ServiceTest):
    def assert_is(self, thing, found):
        self.assertGreater(iou(pixels(thing["mask"]), found), 0.7)

    def encodes(self):
        """How many encodes the server has made so far."""
        metrics = self.server.get("/metrics").body.decode()
        return int(re.search(r'^samcache_encodes_total{result="encoded"} (\d+)', metrics, re.MULTILINE)[1])

    def images(self):
        return self.server.get("/api/v1/images").json["images"]


class LabelStudio(AdapterTest):
    @classmethod
    def prepare(cls):
        cls.studio = start_fake(cls)
        cls.other = start_fake(cls)
        cls.server_arguments = (
            "--adapters", "label-studio",
            "--label-studio-url", cls.studio, "--label-studio-api-key", FakeLabelStudio.token,
        )  # fmt: skip

    def predict(self, body, **options):
        return self.server.post("/label-studio/predict", body, **options)

    def brush(self, answer):
        self.assertEqual(answer.status, 200, answer)
        (prediction,) = answer.json["results"]
        self.assertTrue(prediction["model_version"])
        (region,) = prediction["result"]
        self.assertEqual((region["from_name"], region["to_name"], region["type"]), ("tag", "image", "brushlabels"))
        self.assertEqual((region["original_width"], region["original_height"]), (WIDTH, HEIGHT))
        self.assertEqual((region["value"]["format"], region["value"]["brushlabels"]), ("rle", ["Cat"]))
        self.assertTrue(0 <= region["score"] <= 1 and 0 <= prediction["score"] <= 1)
        return columns_first(brush_rows(region["value"]["rle"], WIDTH, HEIGHT))

    def test_the_protocol_around_predictions(self):
        health = self.server.get("/label-studio/health")
        self.assertEqual((health.status, health.json["status"]), (200, "UP"))
        setup = {"project": "1.17", "schema": LABEL_CONFIG, "hostname": "http://x", "access_token": "y"}
        self.assertTrue(self.server.post("/label-studio/setup", setup).json["model_version"])
        self.assertEqual(self.server.post("/label-studio/train", {"annotations": []}).status, 200)
        webhook = {"action": "ANNOTATION_CREATED", "project": {"id": 1}}
        self.assertEqual(self.server.post("/label-studio/webhook", webhook).status, 201)

    def test_a_click_gives_a_brush_and_the_second_costs_no_encode(self):
        body = label_studio_body("/data/upload/1/scene.jpg", [label_studio_click(*middle(CAT))])
        self.assert_is(CAT, self.brush(self.predict(body)))
        self.assertIn(("/data/upload/1/scene.jpg", f"Token {FakeLabelStudio.token}"), FakeLabelStudio.seen)
        before = self.encodes()
        body = label_studio_body("/data/upload/1/scene.jpg", [label_studio_box(*CAT["box"])])
        self.assert_is(CAT, self.brush(self.predict(body)))
        self.assertEqual(self.encodes(), before)
        self.assertEqual([image["filename"] for image in self.images() if image["width"] == WIDTH], ["scene.jpg"])

    def test_wherever_the_task_says_the_picture_is(self):
        click = [label_studio_click(*middle(CAT))]
        for image in (
            data_uri(JPEG),
            "/data/local-files/?d=folder/scene.jpg",
            "upload/1/scene.jpg",
            "/data/upload/1/in-cloud.jpg",
            f"{self.studio}/data/upload/1/scene.jpg",
        ):
            self.assert_is(CAT, self.brush(self.predict(label_studio_body(image, click))))

    def test_polygons_where_the_project_has_no_brush(self):
        config = LABEL_CONFIG.replace("BrushLabels", "PolygonLabels")
        answer = self.predict(label_studio_body(data_uri(JPEG), [label_studio_click(*middle(CAT))], config))
        regions = answer.json["results"][0]["result"]
        self.assertEqual({region["type"] for region in regions}, {"polygonlabels"})
        points = [(x * WIDTH / 100, y * HEIGHT / 100) for x, y in regions[0]["value"]["points"]]
        self.assert_is(CAT, columns_first(polygon_rows(points)))

    def test_without_an_interaction_there_is_no_prediction(self):
        for regions in (None, []):
            answer = self.predict(label_studio_body("/data/upload/1/scene.jpg", regions))
            self.assertEqual((answer.status, answer.json), (200, {"results": []}))

    def test_nothing_is_fetched_from_elsewhere(self):
        click = [label_studio_click(1, 1)]
        before = len(FakeLabelStudio.seen)
        for image in (
            f"{self.other}/open/scene.jpg",
            f"{self.studio}@{self.other.removeprefix('http://')}/open/x",
            "http://169.254.169.254/latest/meta-data/",
            "file:///etc/passwd",
            "/etc/passwd",
            "/api/users",
        ):
            answer = self.predict(label_studio_body(image, click))
            self.assert_problem(answer, 400)
        self.assertEqual(len(FakeLabelStudio.seen), before)
        FakeLabelStudio.elsewhere = f"{self.other}/open/scene.jpg"
        self.assert_problem(self.predict(label_studio_body("s3://bucket/x.jpg", click)), 400, "--adapter-image-origin")
        self.assertFalse([path for path, _ in FakeLabelStudio.seen[before:] if path.startswith("/open/")])

    def test_what_cannot_be_had_is_said(self):
        click = [label_studio_click(1, 1)]
        for image, status in [
            ("/data/upload/1/none.jpg", 404),
            ("/data/local-files/?d=endless", 413),
            (data_uri(b"no picture"), 415),
            ("data:image/png;base64,!", 422),
        ]:
            self.assert_problem(self.predict(label_studio_body(image, click)), status)
        self.assert_problem(self.predict(label_studio_body(data_uri(JPEG), click, "<View/>")), 400, "label_config")
        self.assert_problem(self.predict({"tasks": []}), 400)
        self.assert_problem(self.predict(b"{", headers={"Content-Type": "application/json"}), 400)
        outside = [label_studio_box(10, 10, 10, 10)]
        self.assert_problem(self.predict(label_studio_body(data_uri(JPEG), outside)), 400)


class LabelStudioElsewhere(AdapterTest):
    @classmethod
    def prepare(cls):
        cls.studio = start_fake(cls)
        cls.other = start_fake(cls)
        cls.server_arguments = (
            "--adapters", "label-studio,cvat", "--adapter-image-origin", cls.other,
            "--label-studio-url", cls.studio + "/", "--label-studio-api-key", "eyJ.personal.token",
        )  # fmt: skip

    def test_a_personal_token_is_exchanged_and_goes_to_label_studio_alone(self):
        FakeLabelStudio.elsewhere = f"{self.other}/open/scene.jpg?signature=1"
        FakeLabelStudio.seen = []
        body = label_studio_body("s3://bucket/scene.jpg", [label_studio_click(*middle(CAT))])
        answer = self.server.post("/label-studio/predict", body)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(
            FakeLabelStudio.seen,
            [
                ("/api/token/refresh", {"refresh": "eyJ.personal.token"}),
                ("/tasks/7/presign/?fileuri=s3://bucket/scene.jpg", "Bearer access"),
                ("/open/scene.jpg?signature=1", None),
            ],
        )
        FakeLabelStudio.elsewhere = f"{self.studio}/tasks/7/presign/"
        self.assert_problem(self.server.post("/label-studio/predict", body), 503)
        self.assertLess(len(FakeLabelStudio.seen), 20)


class XAnyLabeling(AdapterTest):
    server_arguments = ("--adapters", "x-anylabeling")

    def predict(self, model, image=None, **params):
        body = {"model": model, "image": image or data_uri(JPEG)}
        body["params"] = {"conf_threshold": 0.5, "iou_threshold": 0.0, "epsilon_factor": 0.001, **params}
        headers = {"Token": "", "Content-Type": "application/json"}
        return self.server.post("/x-anylabeling/v1/predict", body, headers=headers)

    def shapes(self, answer):
        self.assertEqual(answer.status, 200, answer)
        self.assertIs(answer.json["success"], True)
        return answer.json["data"]["shapes"]

    def test_health_and_models(self):
        self.assertEqual(self.server.get("/x-anylabeling/health").json["status"], "healthy")
        models = self.server.get("/x-anylabeling/v1/models").json["data"]
        self.assertEqual(set(models), {"samcache_concepts", "samcache_object"})
        info = self.server.get("/x-anylabeling/v1/models/samcache_object/info").json
        self.assertEqual(info["data"]["model_id"], "samcache_object")
        missing = self.server.get("/x-anylabeling/v1/models/yolo/info")
        self.assertEqual((missing.status, missing.json["error"]["code"]), (404, "MODEL_NOT_FOUND"))

    def test_texts_find_every_instance(self):
        shapes = self.shapes(self.predict("samcache_concepts", text_prompt="black bird, orange cat", show_boxes=True))
        polygons = [shape for shape in shapes if shape["shape_type"] == "polygon"]
        for label, wanted in (("black bird", BIRDS), ("orange cat", named(kind="cat", colour="orange"))):
            found = [columns_first(polygon_rows(shape["points"][:-1])) for shape in polygons if shape["label"] == label]
            self.assertEqual(len(found), len(wanted))
            for thing in wanted:
                self.assert_is(thing, max(found, key=lambda mask: iou(pixels(thing["mask"]), mask)))
            rectangles = [s for s in shapes if s["shape_type"] == "rectangle" and s["label"] == label]
            self.assertEqual([len(shape["points"]) for shape in rectangles], [4] * len(wanted))
        for shape in polygons:
            self.assertEqual(shape["points"][0], shape["points"][-1])
            self.assertTrue(0 <= shape["score"] <= 1)

    def test_an_example_finds_its_like(self):
        marks = [{"type": "rectangle", "data": CAT["box"], "label": 1}]
        shapes = self.shapes(self.predict("samcache_concepts", marks=marks))
        self.assertEqual(len(shapes), len(named(kind="cat", colour="orange")))
        self.assertEqual({shape["label"] for shape in shapes}, {"AUTOLABEL_OBJECT"})

    def test_a_click_finds_one_object_and_the_second_costs_no_encode(self):
        x, y = map(int, middle(CAT))
        answer = self.predict("samcache_object", marks=[{"type": "point", "data": [x, y], "label": 1}])
        self.assertIs(answer.json["data"]["replace"], False)
        (shape,) = self.shapes(answer)
        self.assert_is(CAT, columns_first(polygon_rows(shape["points"][:-1])))
        before = self.encodes()
        marks = [{"type": "rectangle", "data": CAT["box"], "label": 1}, {"type": "point", "data": [2, 2], "label": 0}]
        self.shapes(self.predict("samcache_object", marks=marks))
        self.assertEqual(self.encodes(), before)
        self.assertEqual(len(self.images()), 1)

    def test_nothing_asked_is_nothing_found(self):
        for model in ("samcache_concepts", "samcache_object"):
            self.assertEqual(self.shapes(self.predict(model)), [])

    def test_errors_have_the_tools_form(self):
        x, y = middle(CAT)
        click = [{"type": "point", "data": [x, y], "label": 1}]
        broken = [{"type": "point", "data": [1], "label": 1}]
        for answer, status, code in [
            (self.predict("yolo", marks=click), 404, "MODEL_NOT_FOUND"),
            (self.predict("samcache_object", data_uri(b"no picture"), marks=click), 415, "INVALID_IMAGE"),
            (self.predict("samcache_object", "data:image/png;base64,!", marks=click), 422, "INVALID_IMAGE"),
            (self.predict("samcache_object", marks=broken), 400, "INVALID_REQUEST"),
            (self.predict("samcache_concepts", text_prompt=7), 400, "INVALID_REQUEST"),
        ]:
            self.assertEqual(answer.status, status, answer)
            self.assertIs(answer.json["success"], False)
            self.assertEqual(answer.json["error"]["code"], code)
            self.assertTrue(answer.json["error"]["message"])


class Cvat(AdapterTest):
    server_arguments = ("--adapters", "cvat")

    # What CVAT's lambda manager sends with each request.
    headers = {
        "x-nuclio-project-name": "cvat",
        "x-nuclio-function-namespace": "nuclio",
        "x-nuclio-invoke-via": "domain-name",
        "X-Nuclio-Invoke-Timeout": "120s",
        "Content-Type": "application/json",
    }

    def invoke(self, body, name="samcache"):
        headers = {**self.headers, "x-nuclio-function-name": name, "x-nuclio-path": "/"}
        return self.server.post("/api/function_invocations", body, headers=headers)

    def body(self, positive=(), negative=(), box=()):
        image = base64.b64encode(JPEG).decode()
        return {"image": image, "pos_points": list(positive), "neg_points": list(negative), "obj_bbox": box}

    def found(self, answer):
        self.assertEqual(answer.status, 200, answer)
        left, top, right, bottom = answer.json["bounds"]
        rows = answer.json["mask"]
        self.assertEqual((len(rows), {len(row) for row in rows}), (bottom - top + 1, {right - left + 1}))
        whole = [[0] * WIDTH for _ in range(HEIGHT)]
        for y, row in enumerate(rows):
            whole[top + y][left : right + 1] = row
        return columns_first(whole)

    def test_the_function_is_listed_and_described(self):
        functions = self.server.get("/api/functions", headers=self.headers).json
        self.assertEqual(list(functions), ["samcache"])
        described = self.server.get("/api/functions/samcache", headers=self.headers).json
        self.assertEqual(described, functions["samcache"])
        self.assertEqual(described["metadata"]["annotations"]["type"], "interactor")
        self.assert_problem(self.server.get("/api/functions/other"), 404)

    def test_clicks_and_a_box_find_one_object_and_the_second_costs_no_encode(self):
        click = [list(middle(CAT))]
        self.assert_is(CAT, self.found(self.invoke(self.body(click))))
        before = self.encodes()
        x0, y0, x1, y1 = CAT["box"]
        self.assert_is(CAT, self.found(self.invoke(self.body(box=[[x0, y0], [x1, y1]]))))
        self.assert_is(CAT, self.found(self.invoke(self.body(click, [[2, 2]], None))))
        self.assertEqual(self.encodes(), before)

    def test_the_first_prompt_on_a_new_picture_waits_for_its_encode(self):
        body = self.body([[40, 40]])
        body["image"] = base64.b64encode(drawn_png("new to CVAT")).decode()
        self.assertEqual(self.invoke(body).status, 200)

    def test_what_is_wrong_is_refused(self):
        self.assert_problem(self.invoke(self.body()), 400, "asks for nothing")
        self.assert_problem(self.invoke(self.body([[1, 2, 3]])), 400, "pos_points[0]")
        self.assert_problem(self.invoke(self.body([[1, 2]]), name="other"), 404)
        self.assert_problem(self.invoke({**self.body([[1, 2]]), "image": "?"}), 422)

    def test_the_function_of_nuclio_hands_requests_on(self):
        """deploy/cvat/main.py, with what nuclio gives a handler."""

        class Context:
            Response = staticmethod(lambda **answer: answer)

            class logger:
                error = staticmethod(lambda message: None)

        class Event:
            body = self.body([list(middle(CAT))])

        names = {}
        with unittest.mock.patch.dict("os.environ", {"SAMCACHE_URL": self.server.url + "/"}):
            exec((ROOT / "deploy" / "cvat" / "main.py").read_text(), names)
        answer = names["handler"](Context, Event)
        self.assertEqual((answer["status_code"], answer["content_type"]), (200, "application/json"))
        self.assertIn("mask", json.loads(answer["body"]))
        Event.body = json.dumps(self.body()).encode()
        self.assertEqual(names["handler"](Context, Event)["status_code"], 400)


class NoAdapters(ServiceTest):
    def test_they_are_off_unless_asked_for(self):
        for path in ("/label-studio/health", "/x-anylabeling/v1/models", "/api/functions"):
            self.assert_problem(self.server.get(path), 404)


class Tokens(ServiceTest):
    server_arguments = ("--adapters", "label-studio,x-anylabeling,cvat")

    @classmethod
    def prepare(cls):
        make = lambda name, scope, *options: create_token(cls.backend, name, scope, *options)["token"]
        cls.both = make("both", "read,write", "--project", "cats")
        cls.read = make("read", "read")

    @staticmethod
    def basic(password):
        return {"Authorization": "Basic " + base64.b64encode(b"user:" + password.encode()).decode()}

    def test_each_tools_way_of_sending_a_token(self):
        click = label_studio_body(data_uri(JPEG), [label_studio_click(*middle(CAT))])
        marks = {"marks": [{"type": "point", "data": [10, 10], "label": 1}]}
        mark = {"model": "samcache_object", "image": data_uri(JPEG), "params": marks}
        points = {"image": base64.b64encode(JPEG).decode(), "pos_points": [[10, 10]], "neg_points": []}
        for path, body, headers in [
            ("/label-studio/predict", click, self.basic),
            ("/x-anylabeling/v1/predict", mark, lambda token: {"Token": token}),
            ("/api/function_invocations", points, lambda token: {"Authorization": f"Bearer {token}"}),
            ("/label-studio/predict", click, lambda token: {"Authorization": f"Bearer {token}"}),
        ]:
            answer = self.server.post(path, body, headers={"Content-Type": "application/json", **headers(self.both)})
            self.assertEqual(answer.status, 200, (path, answer))
            for token, status in ((self.read, 403), ("sct_wrong", 401), ("", 401)):
                json_headers = {"Content-Type": "application/json", **headers(token)}
                self.assert_problem(self.server.post(path, body, headers=json_headers), status)
            self.assert_problem(self.server.post(path, body), 401)
        images = self.server.get("/api/v1/images", token=self.both).json["images"]
        self.assertEqual([image["project"] for image in images], ["cats"])

    def test_another_tools_way_is_none(self):
        mark = {"model": "samcache_object", "image": "", "params": {}}
        for path, headers in [
            ("/x-anylabeling/v1/predict", self.basic(self.both)),
            ("/label-studio/predict", {"Token": self.both}),
            ("/api/function_invocations", {"Token": self.both}),
            ("/label-studio/predict", {"Authorization": "Basic !"}),
            ("/label-studio/predict", {"Authorization": "Basic " + base64.b64encode(b"nocolon").decode()}),
        ]:
            answer = self.server.post(path, mark, headers={"Content-Type": "application/json", **headers})
            self.assert_problem(answer, 401)
        self.assert_problem(self.server.get("/api/v1/images", headers={"Token": self.both}), 401)

    def test_health_needs_none(self):
        for path in ("/label-studio/health", "/x-anylabeling/health"):
            self.assertEqual(self.server.get(path).status, 200)
        self.assert_problem(self.server.get("/x-anylabeling/v1/models"), 401)

    def test_a_browser_is_told_that_basic_authentication_works(self):
        answer = self.server.post("/label-studio/setup", {})
        self.assertIn("Basic", " ".join(answer.headers.get_all("WWW-Authenticate")))


if __name__ == "__main__":
    unittest.main()
