"""Immutable files over a line that breaks: continued where it broke, not fetched again when they have not changed.

Beside PATH lie PATH.etag, which of the server's files it is, and while a download is under way PATH.part, what has come
so far, with PATH.part.etag.
"""

from __future__ import annotations

import http.client
import os
import pathlib
from typing import Any, Mapping, Optional

from .errors import SamcacheError
from .transport import Reply, Transport, error_of

_ATTEMPTS = 5  # connections that may break before the caller hears of it
_PIECE_BYTES = 1 << 20


def _beside(path: pathlib.Path, suffix: str) -> pathlib.Path:
    return path.with_name(path.name + suffix)


def _text(path: pathlib.Path) -> Optional[str]:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def fetch(transport: Transport, url_path: str, query: Mapping[str, Any], path: pathlib.Path) -> pathlib.Path:
    last: Optional[Exception] = None
    for _ in range(_ATTEMPTS):
        try:
            if _attempt(transport, url_path, query, path):
                return path
        except (OSError, http.client.HTTPException) as error:
            last = error
    raise SamcacheError(f"the download of {path.name} broke off {_ATTEMPTS} times: {last}")


def _attempt(transport: Transport, url_path: str, query: Mapping[str, Any], path: pathlib.Path) -> bool:
    """Whether the file is there, whole. What came is kept for the next attempt."""
    part, part_etag = _beside(path, ".part"), _beside(path, ".part.etag")
    etag, wanted = _text(_beside(path, ".etag")), _text(part_etag)
    have = part.stat().st_size if wanted and part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers.update({"Range": f"bytes={have}-", "If-Range": wanted or ""})
    elif etag and path.exists():
        headers["If-None-Match"] = etag
    connection = transport.connect()
    try:
        response = transport.open(connection, "GET", url_path, query, headers=headers)
        if response.status == 304:
            return True
        if response.status == 416:  # what is there is not a beginning of the server's file
            part.unlink()
            return False
        if response.status not in (200, 206):
            raise error_of(Reply(response.status, response.headers, response.read()))
        if response.status == 200:  # another file than the part is of
            part.unlink(missing_ok=True)
            part_etag.write_text(response.headers.get("ETag", ""))
        if not _receive(response, part, have if response.status == 206 else 0):
            return False
    finally:
        connection.close()
    os.replace(part, path)
    os.replace(part_etag, _beside(path, ".etag"))
    return True


def _receive(response: http.client.HTTPResponse, part: pathlib.Path, offset: int) -> bool:
    length = int(response.headers["Content-Length"])
    received = 0
    with open(part, "r+b" if offset else "wb") as file:
        file.seek(offset)
        while piece := response.read(_PIECE_BYTES):
            file.write(piece)
            received += len(piece)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    return received == length
