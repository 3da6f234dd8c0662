"""Every message of docs/websocket.md against a real server."""

import time
import unittest

from drawn_images import drawn_png
from service import SCENE, ServiceTest, wait_until
from web_socket import BINARY, TEXT, Closed, Refused, runs_of_frame

OBJECT = [0.25, 0.35]  # a point on something in the scene, whatever it is


def area_of_rle(rle):
    """Pixels set in COCO's compressed run lengths."""
    counts, position = [], 0
    text = rle["counts"]
    while position < len(text):
        value, shift, more = 0, 0, True
        while more:
            byte = ord(text[position]) - 48
            value |= (byte & 0x1F) << shift
            more = bool(byte & 0x20)
            position, shift = position + 1, shift + 5
            if not more and byte & 0x10:
                value |= -1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return sum(counts[1::2])


class WebSocketMessages(ServiceTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        image = cls.server.upload(SCENE.read_bytes()).json
        cls.image = cls.server.wait_for_encoding(image["id"])

    def setUp(self):
        self.socket = self.server.web_socket(self.image["id"])
        self.addCleanup(self.socket.socket.close)

    def ask(self, type, **fields):
        return self.socket.ask({"type": type, **fields})

    def result(self, type, **fields):
        answer = self.ask(type, **fields)
        self.assertEqual(answer["type"], "inference_result", answer)
        self.assertEqual(len(answer["boxes"]), len(answer["scores"]))
        self.assertGreaterEqual(answer["latency_ms"], 0)
        return answer

    def error(self, type, **fields):
        answer = self.ask(type, **fields)
        self.assertEqual(answer["type"], "error", answer)
        return answer

    def test_the_seeds_message_is_answered_as_the_seed_says(self):
        self.socket.send('{"type": "add_box", "box": [0.1, 0.2, 0.3, 0.4], "positive": true}')
        answer = self.socket.receive()
        self.assertEqual(answer["type"], "inference_result")
        self.assertIsInstance(answer["masks"], list)
        self.assertGreater(answer["latency_ms"], 0)
        self.assertIsNone(answer["seq"])

    def test_a_click_answers_what_infer_answers(self):
        answer = self.result("add_point", point=OBJECT, seq=5)
        self.assertEqual(answer["seq"], 5)
        self.assertEqual(answer["mode"], "interactive")
        self.assertEqual(answer["masks"][0]["size"], [self.image["height"], self.image["width"]])
        body = {"points": [{"coords": OBJECT}]}
        inferred = self.server.post(f"/api/v1/images/{self.image['id']}/infer", body).json
        self.assertEqual(answer["masks"], inferred["masks"])
        self.assertEqual(answer["boxes"], inferred["boxes"])
        self.assertEqual(answer["scores"], inferred["scores"])

    def test_a_text_answers_what_infer_answers(self):
        answer = self.result("set_text", text="circle")
        self.assertEqual(answer["mode"], "concept")
        inferred = self.server.post(f"/api/v1/images/{self.image['id']}/infer", {"text_prompt": "circle"}).json
        self.assertEqual(answer["scores"], inferred["scores"])
        self.assertEqual(answer["masks"], inferred["masks"])
        self.assertEqual(self.result("set_text", text="")["masks"], [])

    def test_undo_and_redo(self):
        one = self.result("add_point", point=OBJECT)
        two = self.result("add_point", point=[0.9, 0.9], positive=False)
        self.assertEqual([p["positive"] for p in two["prompts"]], [True, False])
        undone = self.result("undo")
        self.assertEqual(undone["masks"], one["masks"])
        self.assertTrue(undone["can_redo"])
        redone = self.result("redo")
        self.assertEqual(redone["masks"], two["masks"])
        self.assertFalse(redone["can_redo"])
        self.assertIn("redo", self.error("redo", seq="r")["detail"])

    def test_prompts_and_objects_are_removed(self):
        self.result("add_point", point=OBJECT)
        self.result("add_point", point=[0.9, 0.9], positive=False)
        answer = self.result("remove", prompt=0)
        self.assertEqual([p["positive"] for p in answer["prompts"]], [False])
        answer = self.result("add_object")
        self.assertEqual((answer["object"], answer["objects"], answer["masks"]), (2, [1, 2], []))
        answer = self.result("remove", object=1)
        self.assertEqual((answer["object"], answer["objects"]), (2, [2]))
        answer = self.result("undo")
        self.assertEqual(answer["objects"], [1, 2])
        self.assertEqual(len(answer["prompts"]), 1)
        answer = self.result("reset")
        self.assertEqual((len(answer["objects"]), answer["prompts"], answer["masks"]), (1, [], []))

    def test_objects_are_prompted_each_for_itself(self):
        first = self.result("add_point", point=OBJECT)
        self.result("add_object")
        self.result("add_point", point=[0.7, 0.7])
        again = self.result("select_object", object=1)
        self.assertEqual(again["masks"], first["masks"])
        aside = self.result("add_point", point=[0.7, 0.7], object=2)
        self.assertEqual((aside["object"], len(aside["prompts"])), (2, 2))

    def test_options_change_answers(self):
        one = self.result("add_point", point=OBJECT)
        several = self.result("set_options", multimask_output=True)
        self.assertGreater(len(several["masks"]), len(one["masks"]))
        self.result("undo")
        pixels = [OBJECT[0] * self.image["width"], OBJECT[1] * self.image["height"]]
        self.result("reset")
        self.result("set_options", units="pixel", multimask_output=False)
        self.assertEqual(self.result("add_point", point=pixels)["masks"], one["masks"])
        self.result("reset")
        self.result("set_options", units="normalized", box_format="cxcywh", mode="interactive")
        boxed = self.result("add_box", box=[0.3, 0.4, 0.2, 0.2])
        self.assertEqual(boxed["mode"], "interactive")
        width, height = self.image["width"], self.image["height"]
        for found, expected in zip(boxed["prompts"][0]["box"], [0.2 * width, 0.3 * height, 0.4 * width, 0.5 * height]):
            self.assertAlmostEqual(found, expected, places=2)

    def test_the_threshold_and_the_limit_count_for_concepts(self):
        self.result("set_text", text="circle")
        everything = self.result("set_options", confidence_threshold=0, max_masks=7)
        self.assertEqual(len(everything["masks"]), 7)
        self.assertEqual(everything["scores"], sorted(everything["scores"], reverse=True))
        self.assertEqual(self.result("set_options", confidence_threshold=1)["masks"], [])

    def test_masks_in_every_format(self):
        rle = self.result("add_point", point=OBJECT)["masks"][0]
        png = self.result("set_options", mask_format="png")["masks"][0]
        self.assertTrue(png.startswith("iVBOR"), png[:20])
        polygon = self.result("set_options", mask_format="polygon")["masks"][0]
        self.assertTrue(all(len(ring) >= 6 for ring in polygon))
        none = self.result("set_options", mask_format="none")
        self.assertEqual((none["masks"], len(none["scores"])), ([], 1))
        binary = self.result("set_options", mask_format="binary")
        self.assertEqual((binary["frames"], binary["masks"]), (1, []))
        opcode, payload = self.socket.receive_frame()
        self.assertEqual(opcode, BINARY)
        answer, index, width, height, runs = runs_of_frame(payload)
        self.assertEqual((answer, index), (binary["answer"], 0))
        self.assertEqual([height, width], rle["size"])
        self.assertEqual(sum(runs[1::2]), area_of_rle(rle))

    def test_a_mask_to_start_from(self):
        first = self.result("add_point", point=OBJECT)
        self.result("reset")
        masked = self.result("set_mask", mask=first["masks"][0])
        self.assertEqual([p["type"] for p in masked["prompts"]], ["mask"])
        self.assertEqual(len(masked["masks"]), 1)
        self.assertEqual(self.result("set_mask", mask=None)["masks"], [])

    def test_all_prompts_of_an_object_in_one_message(self):
        self.result("add_point", point=OBJECT)
        clicked = self.result("add_point", point=[0.9, 0.9], positive=False)
        points = [{"coords": OBJECT}, {"coords": [0.9, 0.9], "positive": False}]
        with self.server.web_socket(self.image["id"]) as fresh:  # knows nothing of the clicks before
            said = fresh.ask({"type": "set_prompts", "object": 4, "points": points, "mode": "interactive"})
        self.assertEqual((said["object"], said["objects"]), (4, [1, 4]))
        self.assertEqual(said["masks"], clicked["masks"])
        replaced = self.result("set_prompts", text="circle")
        self.assertEqual(([p["type"] for p in replaced["prompts"]], replaced["mode"]), (["text"], "concept"))
        self.assertEqual(self.result("undo")["masks"], clicked["masks"])
        self.assertEqual(self.result("set_prompts")["masks"], [])
        self.assertIn("1000001", self.error("set_prompts", object=1000001)["detail"])
        self.assertIn("points[0]", self.error("set_prompts", points=[{"coords": [2, 0]}])["detail"])

    def test_refining_starts_from_the_last_answer(self):
        self.result("set_options", refine=True)
        self.result("add_point", point=OBJECT)
        refined = self.result("add_point", point=[0.9, 0.9], positive=False)
        self.result("set_options", refine=False)
        plain = self.result("select_object", object=1)
        self.assertEqual(len(plain["prompts"]), len(refined["prompts"]))
        self.assertNotEqual(plain["scores"], refined["scores"])

    def test_a_preview_is_answered_and_not_recorded(self):
        preview = self.result("preview", point=OBJECT)
        self.assertTrue(preview["preview"])
        self.assertEqual(len(preview["masks"]), 1)
        self.assertFalse(preview["can_undo"])
        self.assertEqual(self.result("select_object", object=1)["prompts"], [])

    def test_a_ping_is_answered(self):
        self.assertEqual(self.ask("ping", seq="p"), {"type": "pong", "seq": "p"})

    def test_every_message_of_a_burst_is_answered_once(self):
        count = 60
        for i in range(count):
            self.socket.send({"type": "add_point", "point": [0.1 + 0.01 * i, 0.5], "seq": i})
        seen = {}
        while len(seen) < count:
            answer = self.socket.receive()
            self.assertNotIn(answer["seq"], seen)
            seen[answer["seq"]] = answer
        self.assertEqual(seen[count - 1]["type"], "inference_result")
        self.assertEqual(len(seen[count - 1]["prompts"]), count)
        self.assertEqual({a["type"] for a in seen.values()}, {"inference_result", "superseded"})

    def test_what_is_wrong_is_an_error_and_changes_nothing(self):
        before = self.result("add_point", point=OBJECT)
        wrong = [
            ("not JSON", "json"),
            ('{"type": "add_box", "box": [0, 0, 1, NaN]}', "json"),
            ('{"type": "add_box", "box": [0, 0, 1, 1e999]}', "number"),
            ("[" * 100000, "nested"),
            ("[]", "object"),
            ('{"type": "add_star", "seq": 1}', "add_star"),
            ('{"type": "add_box", "box": [0, 0, 2, 2], "seq": 1}', "box"),
            ('{"type": "add_box", "box": [0, 0, 1], "seq": 1}', "box"),
            ('{"type": "add_point", "point": [0.5, "0.5"], "seq": 1}', "point"),
            ('{"type": "add_point", "point": [0.5, 0.5], "positve": true}', "positve"),
            ('{"type": "set_text", "text": "car"}', "text"),
            ('{"type": "remove", "prompt": 5}', "prompt"),
            ('{"type": "select_object", "object": 99}', "99"),
            ('{"type": "set_options", "mask_format": "jpeg"}', "jpeg"),
            ('{"type": "undo", "type": "undo"}', "twice"),
        ]
        for text, word in wrong:
            with self.subTest(text[:60]):
                self.socket.send(text)
                answer = self.socket.receive()
                self.assertEqual(answer["type"], "error", answer)
                self.assertIn(word, answer["detail"].lower())
        after = self.result("select_object", object=1)
        self.assertEqual(after["prompts"], before["prompts"])
        self.assertEqual(after["masks"], before["masks"])


class WebSocketConnections(ServiceTest):
    def test_the_first_prompt_waits_for_the_encode(self):
        image = self.server.upload(drawn_png("unencoded", 200, 150)).json
        with self.server.web_socket(image["id"]) as socket:
            answer = socket.ask({"type": "add_point", "point": [0.5, 0.5]})
            self.assertEqual(answer["type"], "inference_result", answer)

    def test_deleting_the_image_ends_the_session(self):
        image = self.uploaded(drawn_png("deleted"))
        with self.server.web_socket(image) as socket:
            socket.ask({"type": "add_point", "point": [0.5, 0.5]})
            self.assertEqual(self.server.request("DELETE", f"/api/v1/images/{image}").status, 204)
            self.assertIn("deleted", socket.receive()["detail"])
            with self.assertRaises(Closed) as closed:
                socket.receive()
            self.assertEqual(closed.exception.code, 4404)

    def test_frames_over_the_limit_and_binary_ones_close_the_connection(self):
        image = self.uploaded(drawn_png("frames"))
        for code, opcode, payload in [(1009, TEXT, b" " * ((1 << 20) + 1)), (1003, BINARY, b"x"), (1007, TEXT, b"\xff\xfe")]:
            with self.subTest(code), self.server.web_socket(image) as socket:
                with self.assertRaises((Closed, ConnectionError)) as closed:
                    socket.send_frame(opcode, payload)
                    socket.receive()
                if isinstance(closed.exception, Closed) and closed.exception.code is not None:
                    self.assertEqual(closed.exception.code, code)

    def test_an_unmasked_frame_is_a_protocol_error(self):
        image = self.uploaded(drawn_png("frames"))
        with self.server.web_socket(image) as socket:
            socket.send_frame(TEXT, b'{"type": "ping"}', masked=False)
            with self.assertRaises(Closed) as closed:
                socket.receive()
            self.assertIn(closed.exception.code, (None, 1002))

    def test_too_many_messages_are_told_when_to_come_again(self):
        image = self.uploaded(drawn_png("frames"))
        with self.server.web_socket(image) as socket:
            count = 900
            for i in range(count):
                socket.send({"type": "ping", "seq": i})
            answers = [socket.receive() for _ in range(count)]
            refused = [answer for answer in answers if answer["type"] == "error"]
            self.assertTrue(refused)
            self.assertTrue(all(answer["retry_after_ms"] > 0 for answer in refused))
            time.sleep(0.2)
            self.assertEqual(socket.ask({"type": "ping", "seq": "later"})["type"], "pong")

    def test_a_client_that_goes_away_leaves_nothing_behind(self):
        image = self.uploaded(drawn_png("frames"))
        for _ in range(50):
            socket = self.server.web_socket(image)
            socket.send({"type": "add_point", "point": [0.5, 0.5]})
            socket.socket.close()
        gauge = lambda: [
            line for line in self.server.get("/metrics").body.decode().splitlines()
            if "web_socket" in line.lower().replace("websocket", "web_socket") and not line.startswith("#")
        ]
        wait_until(lambda: any(float(line.split()[-1]) == 0 for line in gauge()), 20, "no WebSocket is open")

    def test_foreign_pages_are_refused(self):
        image = self.uploaded(drawn_png("frames"))
        with self.assertRaises(Refused) as refused:
            self.server.web_socket(image, headers=[("Origin", "https://evil.example")])
        self.assertEqual(refused.exception.status, 403)
        own = f"http://127.0.0.1:{self.server.port}"
        with self.server.web_socket(image, headers=[("Origin", own)]) as socket:
            self.assertEqual(socket.ask({"type": "ping"})["type"], "pong")

    def test_what_does_not_exist_is_not_upgraded(self):
        with self.assertRaises(Refused) as refused:
            self.server.web_socket("00000000-0000-0000-0000-000000000000")
        self.assertEqual(refused.exception.status, 404)

    def test_a_goodbye_is_answered(self):
        image = self.uploaded(drawn_png("frames"))
        self.assertEqual(self.server.web_socket(image).close(), 1000)


if __name__ == "__main__":
    unittest.main()
