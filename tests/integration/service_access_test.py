"""Who may do what: tokens, their scopes, projects and ends; pages of other origins."""

import subprocess
import unittest

from drawn_images import drawn_png
from service import BINARY, SCENE, ServiceTest, create_token
from web_socket import Refused

MINE, THEIRS = "mine", "theirs"


class Tokens(ServiceTest):
    server_arguments = ("--cors-origin", "https://app.example")

    @classmethod
    def prepare(cls):
        cls.tokens = {
            name: create_token(cls.backend, name, scope, *options)
            for name, scope, options in [
                ("admin", "admin", ()),
                ("read", "read", ()),
                ("write", "write", ()),
                ("mine", "read,write", ("--project", MINE)),
                ("revoked", "read", ()),
            ]
        }
        cls.secret = {name: token["token"] for name, token in cls.tokens.items()}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        admin = cls.secret["admin"]
        cls.mine = cls.server.upload(SCENE.read_bytes(), project=MINE, token=admin).json["id"]
        cls.theirs = cls.server.upload(drawn_png("theirs"), project=THEIRS, token=admin).json["id"]
        for image in (cls.mine, cls.theirs):
            cls.server.wait_for_encoding(image, token=admin)

    def test_without_a_token_or_with_a_wrong_one_nothing_is_told(self):
        path = f"/api/v1/images/{self.mine}"
        for headers in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer sct_unknown"},
            {"Authorization": f"Basic {self.secret['read']}"},
            {"Authorization": "Bearer " + self.secret["read"][:-1]},
        ):
            answer = self.server.get(path, headers=headers)
            self.assert_problem(answer, 401)
            self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
        self.assert_problem(self.server.get(f"{path}?token={self.secret['read']}"), 401)
        self.assert_problem(self.server.get(f"{path}?access_token={self.secret['read']}"), 401)

    def test_scopes(self):
        path = f"/api/v1/images/{self.mine}"
        click = {"points": [{"coords": [0.5, 0.5]}]}
        self.assertEqual(self.server.get(path, token=self.secret["read"]).status, 200)
        self.assertEqual(self.server.post(f"{path}/infer", click, token=self.secret["read"]).status, 200)
        self.assert_problem(self.server.get(path, token=self.secret["write"]), 403)
        self.assert_problem(self.server.upload(drawn_png(1), token=self.secret["read"]), 403)
        self.assertEqual(self.server.upload(drawn_png(1), token=self.secret["write"]).status, 201)
        self.assert_problem(self.server.request("DELETE", path, token=self.secret["read"]), 403)

    def test_images_of_another_project_do_not_exist(self):
        token = self.secret["mine"]
        path = f"/api/v1/images/{self.theirs}"
        for suffix in ("", "/content", "/thumbnail", "/encoding", "/encoding?download=1", "/annotations", "/events"):
            self.assert_problem(self.server.get(path + suffix, token=token), 404)
        self.assert_problem(self.server.post(f"{path}/infer", {"text_prompt": "circle"}, token=token), 404)
        self.assert_problem(self.server.post(f"{path}/encode", token=token), 404)
        self.assert_problem(self.server.request("DELETE", path, token=token), 404)
        self.assert_problem(self.server.post("/api/v1/encodings/batch", {"image_ids": [self.theirs]}, token=token), 404)
        with self.assertRaises(Refused) as refused:
            self.server.web_socket(self.theirs, token=token)
        self.assertEqual(refused.exception.status, 404)

    def test_lists_hold_what_the_token_may_see(self):
        token = self.secret["mine"]
        everything = self.server.get("/api/v1/images", token=token).json["images"]
        self.assertEqual({image["project"] for image in everything}, {MINE})
        by_id = self.server.get(f"/api/v1/images?ids={self.mine},{self.theirs}", token=token).json["images"]
        self.assertEqual([image["id"] for image in by_id], [self.mine])
        projects = self.server.get("/api/v1/projects", token=token).json["projects"]
        self.assertEqual([project["name"] for project in projects], [MINE])
        self.assertIn(self.server.get(f"/api/v1/images?project={THEIRS}", token=token).status, (200, 403, 404))

    def test_uploads_go_into_the_tokens_project_alone(self):
        token = self.secret["mine"]
        answer = self.server.upload(drawn_png("into mine"), project=MINE, token=token)
        self.assertEqual((answer.status, answer.json["project"]), (201, MINE))
        self.assertIn(self.server.upload(drawn_png("into theirs"), project=THEIRS, token=token).status, (403, 404))

    def test_a_browsers_token_is_a_subprotocol(self):
        offered = [("Sec-WebSocket-Protocol", "bearer." + self.secret["read"])]
        with self.server.web_socket(self.mine, headers=offered) as socket:
            self.assertEqual(socket.headers["sec-websocket-protocol"], offered[0][1].lower())
            answer = socket.ask({"type": "add_point", "point": [0.5, 0.5]})
            self.assertEqual(answer["type"], "inference_result")
        for headers, status in [([], 401), ([("Sec-WebSocket-Protocol", "bearer.sct_wrong")], 401)]:
            with self.assertRaises(Refused) as refused:
                self.server.web_socket(self.mine, headers=headers)
            self.assertEqual(refused.exception.status, status)

    def test_an_expired_and_a_revoked_token_say_so(self):
        expiring = create_token(self.backend, "short", "read", "--expires-days", "1")
        self.backend.execute(f"UPDATE tokens SET expires_at = created_at + 1 WHERE id = '{expiring['id']}'")
        self.assert_problem(self.server.get("/api/v1/images", token=expiring["token"]), 401, "expired")
        command = [BINARY, "token", "revoke", self.tokens["revoked"]["id"], "--data", self.backend.folder / "data"]
        done = subprocess.run(
            [*command, *self.backend.arguments], env=self.backend.environment(), capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_problem(self.server.get("/api/v1/images", token=self.secret["revoked"]), 401, "revoked")

    def test_listed_pages_may_call_and_others_may_not(self):
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
        allowed = self.server.request("OPTIONS", "/api/v1/images", headers={"Origin": "https://app.example", **asked})
        self.assertEqual(allowed.headers["Access-Control-Allow-Origin"], "https://app.example")
        for origin in ("https://evil.example", "https://app.example.evil.example", "null"):
            refused = self.server.request("OPTIONS", "/api/v1/images", headers={"Origin": origin, **asked})
            self.assertIsNone(refused.headers["Access-Control-Allow-Origin"])
            with self.assertRaises(Refused) as no_socket:
                self.server.web_socket(self.mine, token=self.secret["read"], headers=[("Origin", origin)])
            self.assertEqual(no_socket.exception.status, 403)

    def test_the_log_never_has_a_token(self):
        self.server.get("/api/v1/images", token=self.secret["read"])
        log = self.server.log.read_text()
        for secret in self.secret.values():
            self.assertNotIn(secret, log)


class OpenAccess(ServiceTest):
    def test_the_log_says_that_access_is_open(self):
        self.assertEqual(self.server.get("/api/v1/images").status, 200)
        self.assertIn("open", self.server.log.read_text())

    def test_other_addresses_are_refused_without_a_token(self):
        command = [BINARY, "serve", "--data", self.folder / "elsewhere", "--port", "0", "--host", "0.0.0.0"]
        done = subprocess.run(command, env=self.backend.environment(), capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("token", done.stderr)


if __name__ == "__main__":
    unittest.main()
