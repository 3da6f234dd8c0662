"""What can go wrong."""

from __future__ import annotations

from typing import Optional


class SamcacheError(Exception):
    """All errors of this package."""


class ApiError(SamcacheError):
    """The server refused a request; `detail` says why, in words."""

    def __init__(self, status: int, title: str, detail: str, retry_after: Optional[float] = None) -> None:
        super().__init__(f"{status} {title}: {detail}" if detail else f"{status} {title}")
        self.status = status
        self.title = title
        self.detail = detail
        self.retry_after = retry_after


class NotEncoded(SamcacheError):
    """The image's encoding failed, or did not come in time."""
