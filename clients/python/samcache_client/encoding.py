"""Encoding files: one image's immutable named tensors, and what they are of."""

from __future__ import annotations

import dataclasses
from typing import Dict

import numpy as np

from .safetensors_file import PathLike, SafetensorsError, parse_safetensors

_NAMES = {
    "trunk": ("trunk",),
    "interactive": ("image_embeddings.0", "image_embeddings.1", "image_embeddings.2"),
    "detector": ("backbone_fpn_0", "backbone_fpn_1", "backbone_fpn_2"),
}
_VERSION = "1"


@dataclasses.dataclass(frozen=True)
class Encoding:
    """Arrays are float32, or float16 where the file's are."""

    profile: str  # "trunk", "interactive" or "detector"
    tensors: Dict[str, np.ndarray]
    original_height: int
    original_width: int
    metadata: Dict[str, str]

    @property
    def image_id(self) -> str:
        return self.metadata.get("image_id", "")


def parse_encoding(data: bytes) -> Encoding:
    """Of a file's bytes. Form and names are checked; the digests, which are XXH3, are not: samcache does that."""
    tensors, metadata = parse_safetensors(data)
    if metadata.get("format") != "samcache.encoding":
        raise SafetensorsError("this is no samcache encoding")
    if metadata.get("version") != _VERSION:
        raise SafetensorsError(f"this encoding is of version {metadata.get('version')}; this package reads {_VERSION}")
    profile = metadata.get("profile", "")
    if set(tensors) != set(_NAMES.get(profile, ())) or not tensors:
        raise SafetensorsError(f"an encoding of the profile {profile!r} does not have the tensors {sorted(tensors)}")
    try:
        height, width = int(metadata["original_height"]), int(metadata["original_width"])
    except (KeyError, ValueError):
        raise SafetensorsError("this encoding does not say how large its picture is") from None
    return Encoding(profile, tensors, height, width, metadata)


def read_encoding(path: PathLike) -> Encoding:
    with open(path, "rb") as file:
        return parse_encoding(file.read())
