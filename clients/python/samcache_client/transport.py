"""HTTP over the standard library: kept-open connections, errors as exceptions, a full server waited for."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import urllib.parse
from typing import Any, Mapping, Optional

from .errors import ApiError, SamcacheError

_BUSY = (429, 503)


class Transport:
    """Any number of threads may use one; each has a connection of its own."""

    def __init__(
        self, url: str, token: Optional[str], timeout: float, patience: float, tls: Optional[ssl.SSLContext]
    ) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not the URL of a server: {url!r}")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._secure else 80)
        self._base = parts.path.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._patience = patience
        self._tls = tls
        self._local = threading.local()

    def close(self) -> None:
        kept = getattr(self._local, "connection", None)
        if kept is not None:
            kept.close()
            self._local.connection = None

    def connect(self, timeout: Optional[float] = None) -> http.client.HTTPConnection:
        """A new connection, which the caller closes."""
        timeout = self._timeout if timeout is None else timeout
        if self._secure:
            tls = self._tls or ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def open(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> http.client.HTTPResponse:
        """The answer's head; its body is still to be read from the response."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = self._base + path + ("?" + urllib.parse.urlencode(given) if given else "")
        all_headers = {"User-Agent": "samcache-client", **(headers or {})}
        if self._token:
            all_headers["Authorization"] = f"Bearer {self._token}"
        connection.request(method, target, body=body, headers=all_headers)
        return connection.getresponse()

    def request(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Reply:
        """The whole answer. Statuses from 400 on are raised as ApiError, after a busy server was given time."""
        give_up = time.monotonic() + self._patience
        while True:
            reply = self._attempt(method, path, query, body, headers)
            if reply.status < 400:
                return reply
            error = error_of(reply)
            wait = error.retry_after or 1.0
            if reply.status not in _BUSY or time.monotonic() + wait > give_up:
                raise error
            time.sleep(wait)

    def _attempt(self, method: str, path: str, query: Any, body: Optional[bytes], headers: Any) -> Reply:
        kept = getattr(self._local, "connection", None)
        for connection in (kept, None) if kept is not None else (None,):
            fresh = connection is None
            connection = connection or self.connect()
            try:
                response = self.open(connection, method, path, query, body, headers)
                reply = Reply(response.status, response.headers, response.read())
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._local.connection = None
                # A connection that lay idle may have been closed meanwhile: that is no reason to fail.
                if fresh or isinstance(error, TimeoutError):
                    raise SamcacheError(f"{method} {path}: {error}") from error
                continue
            self._local.connection = None if response.will_close else connection
            return reply
        raise AssertionError("unreachable")


class Reply:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def error_of(reply: Reply) -> ApiError:
    """Problem details (RFC 9457) as an exception."""
    title, detail = http.client.responses.get(reply.status, "error"), ""
    try:
        problem = json.loads(reply.body)
        title, detail = str(problem.get("title", title)), str(problem.get("detail", ""))
    except (ValueError, AttributeError):
        pass
    retry = reply.headers.get("Retry-After", "")
    return ApiError(reply.status, title, detail, float(retry) if retry.isdigit() else None)
