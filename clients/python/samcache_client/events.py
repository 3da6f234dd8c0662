"""Server-Sent Events, as far as samcache sends them."""

from __future__ import annotations

import dataclasses
import http.client
import json
from typing import Any, Iterator, List

from .errors import SamcacheError

_MAX_LINE_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Event:
    type: str  # "status", "removed", …
    data: Any  # the image's id, status and so on


def read_events(response: http.client.HTTPResponse) -> Iterator[Event]:
    kind = "message"
    data: List[str] = []
    while True:
        line = response.readline(_MAX_LINE_BYTES + 1)
        if not line:
            return
        if len(line) > _MAX_LINE_BYTES:
            raise SamcacheError("the server sent an event without end")
        text = line.decode("utf-8").rstrip("\r\n")
        field, _, value = text.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "event":
            kind = value
        elif field == "data":
            data.append(value)
        elif not text:
            if data:
                yield Event(kind, json.loads("\n".join(data)))
            kind, data = "message", []
