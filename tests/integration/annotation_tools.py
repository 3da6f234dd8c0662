"""What Label Studio, X-AnyLabeling and CVAT send and understand, for the tests of the adapters; and a Label Studio that
serves files.
"""

import base64
import contextlib
import http.server
import json
import threading
import urllib.parse

from demo_model_cli_test import named
from service import SCENE

WIDTH, HEIGHT = 480, 360
JPEG = SCENE.read_bytes()
CAT = named(kind="cat", colour="orange")[0]
BIRDS = named(kind="bird", colour="black")

LABEL_CONFIG = """<View>
  <Image name="image" value="$image" zoom="true"/>
  <BrushLabels name="tag" toName="image"><Label value="Cat"/></BrushLabels>
  <KeyPointLabels name="tag2" toName="image" smart="true"><Label value="Cat"/></KeyPointLabels>
  <RectangleLabels name="tag3" toName="image" smart="true"><Label value="Cat"/></RectangleLabels>
</View>"""


def middle(thing):
    x0, y0, x1, y1 = thing["box"]
    return (x0 + x1) / 2, (y0 + y1) / 2


def data_uri(data, media_type="image/jpeg"):
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def columns_first(rows):
    """The set of pixels of rows of 0 and 1, numbered as pixels() does: down the columns."""
    height = len(rows)
    return {x * height + y for y, row in enumerate(rows) for x, value in enumerate(row) if value}


def brush_rows(rle, width, height):
    """Label Studio's brush, read bit by bit as its converter does."""
    bits = "".join(f"{byte:08b}" for byte in rle)
    position = 0

    def take(count):
        nonlocal position
        position += count
        return int(bits[position - count : position], 2)

    count, word = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    values = []
    while len(values) < count:
        repeated, length = take(1), take(sizes[take(2)]) + 1
        values += [take(word)] * length if repeated else [take(word) for _ in range(length)]
    assert count == 4 * width * height and set(values) <= {0, 255}
    alpha = values[3::4]
    return [alpha[y * width : (y + 1) * width] for y in range(height)]


def polygon_rows(points):
    """A filled ring, by the even-odd rule at pixels' centres."""
    rows = []
    for y in range(HEIGHT):
        crossings = sorted(
            x0 + (y + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1])
            if (y0 <= y + 0.5) != (y1 <= y + 0.5)
        )
        rows.append([sum(crossing <= x + 0.5 for crossing in crossings) % 2 for x in range(WIDTH)])
    return rows


def label_studio_body(image, regions, config=LABEL_CONFIG):
    return {
        "tasks": [{"id": 7, "data": {"image": image}, "meta": {}, "annotations": [], "predictions": []}],
        "model_version": None,
        "project": "1.1700000000",
        "label_config": config,
        "params": {"login": None, "password": None, "context": {"result": regions} if regions is not None else None},
    }


def label_studio_click(x, y, positive=True):
    return {
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "image_rotation": 0,
        "value": {"x": 100 * x / WIDTH, "y": 100 * y / HEIGHT, "width": 0.3, "keypointlabels": ["Cat"]},
        "is_positive": positive,
        "id": "fBWv1t0S2L",
        "from_name": "tag2",
        "to_name": "image",
        "type": "keypointlabels",
        "origin": "manual",
    }


def label_studio_box(x0, y0, x1, y1):
    value = {"x": 100 * x0 / WIDTH, "y": 100 * y0 / HEIGHT, "rotation": 0, "rectanglelabels": ["Cat"]}
    value.update({"width": 100 * (x1 - x0) / WIDTH, "height": 100 * (y1 - y0) / HEIGHT})
    return {"original_width": WIDTH, "original_height": HEIGHT, "value": value, "type": "rectanglelabels", "id": "x"}


class FakeLabelStudio(http.server.BaseHTTPRequestHandler):
    """Serves files to whoever has the token, and redirects where it is told to."""

    token = "legacy-token"
    elsewhere = None  # where /tasks/7/presign leads
    seen = []

    def do_GET(self):
        path = urllib.parse.unquote(self.path)
        FakeLabelStudio.seen.append((path, self.headers.get("Authorization")))
        if path.startswith("/open/"):
            return self.send(200, JPEG)
        if self.headers.get("Authorization") not in (f"Token {self.token}", "Bearer access"):
            return self.send(401, b"")
        if path.startswith("/tasks/7/presign/"):
            return self.send(303, b"", Location=FakeLabelStudio.elsewhere)
        if path in ("/data/upload/1/scene.jpg", "/data/local-files/?d=folder/scene.jpg"):
            return self.send(200, JPEG)
        if path == "/storage-data/uploaded/?filepath=upload/1/in-cloud.jpg":
            return self.send(200, JPEG)
        if path == "/data/local-files/?d=endless":
            return self.send(200, bytes(49 << 20))
        self.send(404, b"")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        FakeLabelStudio.seen.append((self.path, body))
        self.send(200, b'{"access": "access"}')

    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def start_fake(test_class):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeLabelStudio)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test_class.addClassCleanup(server.server_close)
    test_class.addClassCleanup(server.shutdown)
    return f"http://127.0.0.1:{server.server_address[1]}"
