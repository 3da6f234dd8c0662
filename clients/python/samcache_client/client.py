"""The HTTP interface of a samcache server as methods: docs/openapi.yaml of the project describes every call."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import secrets
import ssl
import time
from typing import Any, BinaryIO, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import quote

import numpy as np

from . import download
from .encoding import Encoding, parse_encoding
from .errors import ApiError, NotEncoded, SamcacheError
from .events import Event, read_events
from .masks import mask_from_rle
from .safetensors_file import PathLike
from .transport import Reply, Transport, error_of

ImageSource = Union[PathLike, bytes, BinaryIO]
# Two numbers, and whether the point is on what is meant; a bare pair is.
Point = Union[Sequence[float], Tuple[Sequence[float], bool]]
BoxPrompt = Union[Sequence[float], Tuple[Sequence[float], bool]]

_API = "/api/v1"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a prompt found, best first for a concept."""

    masks: np.ndarray  # bool [n, height, width]; [0, height, width] where nothing was found
    boxes: np.ndarray  # float32 [n, 4]: x0, y0, x1, y1 in pixels
    scores: np.ndarray  # float32 [n]
    latency_ms: float
    cache: str  # where the encoding was: "device", "memory", "disk", "remote" or "encoded"


class Client:
    """One server. Any number of threads may use it; each keeps a connection of its own open."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        token: Optional[str] = None,
        *,
        timeout: float = 120,
        patience: float = 30,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        """`timeout`: seconds without a byte from the server. `patience`: how long a server that is full (429) or not
        ready (503) is asked again, each time after the wait that it names."""
        self._transport = Transport(url, token, timeout, patience, tls)

    def close(self) -> None:
        """Closes the calling thread's connection; other threads' go when those threads end."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    # ---- Images

    def upload(
        self, image: ImageSource, filename: Optional[str] = None, project: Optional[str] = None
    ) -> Dict[str, Any]:
        """The image's record; its encoding is queued. The same file again is the same image."""
        data, name = _read(image)
        boundary = "samcache-" + secrets.token_hex(16)
        quoted = (filename or name).replace("\\", "_").replace('"', "%22").replace("\r", "_").replace("\n", "_")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        return self._call(
            "POST",
            "/images",
            query={"project": project},
            body=body,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        ).json

    def image(self, image_id: str) -> Dict[str, Any]:
        return self._call("GET", _image(image_id)).json

    def images(self, project: Optional[str] = None, status: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """All of them, fetched page by page."""
        cursor = None
        while True:
            page = self._call("GET", "/images", query={"project": project, "status": status, "cursor": cursor}).json
            yield from page["images"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def content(self, image_id: str) -> bytes:
        """The original file."""
        return self._call("GET", _image(image_id) + "/content").body

    def delete(self, image_id: str) -> None:
        self._call("DELETE", _image(image_id))

    # ---- Encodings

    def encode(self, image_id: str) -> Dict[str, Any]:
        """Has the image encoded ahead of others, also after a failure, and waits: {"encoding_id", "size_bytes", …}."""
        return self._call("POST", _image(image_id) + "/encode", query={"wait": "true"}).json

    def request_encode(self, image_id: str) -> None:
        """The same without waiting."""
        self._call("POST", _image(image_id) + "/encode")

    def wait(self, image_id: str, timeout: float = 600) -> Dict[str, Any]:
        """The image's record as soon as it is encoded; NotEncoded when that failed or took longer."""
        deadline = time.monotonic() + timeout
        pause = 0.02
        while True:
            image = self.image(image_id)
            if image["encoding_status"] == "completed":
                return image
            if image["encoding_status"] == "failed":
                raise NotEncoded(f"{image_id} could not be encoded: {image.get('encoding_error')}")
            if time.monotonic() + pause > deadline:
                raise NotEncoded(f"{image_id} is still {image['encoding_status']} after {timeout} s")
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    def encoding_state(self, image_id: str) -> Dict[str, Any]:
        """{"exists", "created_at", "size_bytes", "profiles", …}"""
        return self._call("GET", _image(image_id) + "/encoding", headers={"Accept": "application/json"}).json

    def encoding_bytes(
        self,
        image_id: str,
        profile: Optional[str] = None,
        dtype: Optional[str] = None,
        layout: Optional[str] = None,
    ) -> bytes:
        """The safetensors file. `profile`: trunk, interactive or detector; `layout="seed"`: the official names."""
        query = {"download": "1", "profile": profile, "dtype": dtype, "layout": layout}
        return self._call("GET", _image(image_id) + "/encoding", query=query).body

    def encoding(self, image_id: str, profile: str = "trunk", dtype: Optional[str] = None) -> Encoding:
        return parse_encoding(self.encoding_bytes(image_id, profile, dtype))

    def download_encoding(
        self,
        image_id: str,
        path: PathLike,
        profile: Optional[str] = None,
        dtype: Optional[str] = None,
        layout: Optional[str] = None,
    ) -> pathlib.Path:
        """The same into a file. Continues what an earlier call began there, and fetches nothing when the server's file
        is the one that is there already. (Files beside it whose names begin with its own are how it knows.)"""
        query = {"download": "1", "profile": profile, "dtype": dtype, "layout": layout}
        return download.fetch(self._transport, _API + _image(image_id) + "/encoding", query, pathlib.Path(path))

    def put_encoding(self, image_id: str, data: bytes) -> Dict[str, Any]:
        """An encoding file that another samcache made of the same image and model; needs the scope admin."""
        headers = {"Content-Type": "application/octet-stream"}
        return self._call("PUT", _image(image_id) + "/encoding", body=data, headers=headers).json

    def start_batch(self, image_ids: Iterable[str]) -> str:
        """Has many images encoded in the background; the job's id."""
        return self._send("POST", "/encodings/batch", {"image_ids": list(image_ids)}).json["job_id"]

    def job(self, job_id: str) -> Dict[str, Any]:
        """{"status": "running" | "completed" | "failed" | "cancelled", "done", "failed", "total", …}"""
        return self._call("GET", f"/jobs/{quote(job_id, safe='')}").json

    def wait_for_job(self, job_id: str, timeout: float = 3600) -> Dict[str, Any]:
        deadline = time.monotonic() + timeout
        while True:
            job = self.job(job_id)
            if job["status"] != "running":
                return job
            if time.monotonic() > deadline:
                raise NotEncoded(f"the job {job_id} is not done after {timeout} s: {job}")
            time.sleep(0.2)

    def cancel_job(self, job_id: str) -> None:
        self._call("DELETE", f"/jobs/{quote(job_id, safe='')}")

    # ---- Prompts

    def infer(
        self,
        image_id: str,
        text: Optional[str] = None,
        boxes: Iterable[BoxPrompt] = (),
        points: Iterable[Point] = (),
        mask_input: Any = None,
        *,
        mode: Optional[str] = None,
        units: str = "normalized",
        box_format: str = "xyxy",
        threshold: float = 0.5,
        multimask: bool = False,
        max_masks: int = 100,
    ) -> Answer:
        """Text, or boxes alone, find every instance of a concept; points or a mask find one object. A box is four
        numbers, a point two; `([…], False)` makes one negative. An image that is not encoded is encoded first."""
        body: Dict[str, Any] = {
            "units": units,
            "box_format": box_format,
            "confidence_threshold": threshold,
            "multimask_output": multimask,
            "max_masks": max_masks,
            "boxes": [_prompt(box, 4) for box in boxes],
            "points": [_prompt(point, 2) for point in points],
        }
        for name, value in (("text_prompt", text), ("mask_input", mask_input), ("mode", mode)):
            if value is not None:
                body[name] = value
        return self._answer(image_id, self._send("POST", _image(image_id) + "/infer", body).json)

    def _answer(self, image_id: str, found: Dict[str, Any]) -> Answer:
        masks: List[np.ndarray] = [mask_from_rle(mask) for mask in found["masks"]]
        if not masks:
            image = self.image(image_id)
            masks_array = np.zeros((0, image["height"], image["width"]), dtype=bool)
        else:
            masks_array = np.stack(masks)
        return Answer(
            masks=masks_array,
            boxes=np.array(found["boxes"], dtype=np.float32).reshape(-1, 4),
            scores=np.array(found["scores"], dtype=np.float32),
            latency_ms=found["latency_ms"],
            cache=found["cache"],
        )

    # ---- News, annotations, and the rest

    def events(
        self, image_id: Optional[str] = None, project: Optional[str] = None, timeout: Optional[float] = None
    ) -> Iterator[Event]:
        """Changes of images as they happen, for as long as the caller goes on; of one image its state first. `timeout`:
        seconds without a sign of life from the server, which sends one every 15."""
        path = _API + ("/events" if image_id is None else _image(image_id) + "/events")
        connection = self._transport.connect(timeout or 60)
        try:
            response = self._transport.open(connection, "GET", path, {"project": project})
            if response.status >= 400:
                raise error_of(Reply(response.status, response.headers, response.read()))
            yield from read_events(response)
        finally:
            connection.close()

    def annotations(self, image_id: str) -> Tuple[Any, str]:
        """(the document, its ETag); {} before the first."""
        reply = self._call("GET", _image(image_id) + "/annotations")
        return reply.json, reply.headers["ETag"]

    def put_annotations(self, image_id: str, document: Any, etag: str) -> int:
        """The new revision. ApiError with status 412: somebody saved another one since `etag` was read."""
        return self._send("PUT", _image(image_id) + "/annotations", document, {"If-Match": etag}).json["revision"]

    def warm(self, image_ids: Optional[Iterable[str]] = None, project: Optional[str] = None) -> None:
        """Brings encodings into the fast tiers, in the background."""
        body = {"project": project} if image_ids is None else {"image_ids": list(image_ids)}
        self._send("POST", "/cache/warm", body)

    def cache_stats(self) -> Dict[str, Any]:
        return self._call("GET", "/cache/stats").json

    def model(self) -> Dict[str, Any]:
        """What is loaded."""
        return self._call("GET", "/models/current").json

    def _call(self, method: str, path: str, **options: Any) -> Reply:
        return self._transport.request(method, _API + path, **options)

    def _send(self, method: str, path: str, document: Any, headers: Optional[Mapping[str, str]] = None) -> Reply:
        body = json.dumps(document).encode()
        return self._call(method, path, body=body, headers={"Content-Type": "application/json", **(headers or {})})


def _image(image_id: str) -> str:
    return "/images/" + quote(str(image_id), safe="")


def _read(image: ImageSource) -> Tuple[bytes, str]:
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image), "image"
    if hasattr(image, "read"):
        return image.read(), os.path.basename(str(getattr(image, "name", "image")))  # type: ignore[union-attr]
    path = pathlib.Path(image)  # type: ignore[arg-type]
    return path.read_bytes(), path.name


def _prompt(given: Any, count: int) -> Dict[str, Any]:
    coords, positive = given, True
    if len(given) == 2 and np.ndim(given[0]) == 1:
        coords, positive = given
    numbers = [float(number) for number in coords]
    if len(numbers) != count:
        raise SamcacheError(f"{given!r} is no {'point' if count == 2 else 'box'}: it must have {count} numbers")
    return {"coords": numbers, "positive": bool(positive)}


__all__ = ["Answer", "ApiError", "Client", "Event", "ImageSource"]
