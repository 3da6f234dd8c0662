"""COCO's compressed run lengths, as the server sends masks, and numpy arrays."""

from __future__ import annotations

from typing import Any, List, Mapping

import numpy as np


def _counts(text: str) -> List[int]:
    """Five bits a character, least significant first; from the third on, differences to the last but one."""
    counts: List[int] = []
    position = 0
    while position < len(text):
        value = shift = 0
        more = True
        while more:
            if position == len(text):
                raise ValueError("the run lengths end in the middle of a number")
            bits = ord(text[position]) - 48
            if not 0 <= bits < 64:
                raise ValueError(f"the run lengths have the character {text[position]!r}")
            value |= (bits & 0x1F) << shift
            more = bool(bits & 0x20)
            position, shift = position + 1, shift + 5
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return counts


def mask_from_rle(rle: Mapping[str, Any]) -> np.ndarray:
    """{"size": [height, width], "counts": "..."} -> bool [height, width]."""
    height, width = rle["size"]
    counts = np.array(_counts(rle["counts"]) if isinstance(rle["counts"], str) else rle["counts"], dtype=np.int64)
    if (counts < 0).any() or counts.sum() != height * width:
        raise ValueError(f"the run lengths are not those of a mask of {width} x {height} pixels")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(width, height).T


def rle_from_mask(mask: np.ndarray) -> dict:
    """bool [height, width] -> {"size", "counts": [numbers]}: what `mask_input` of a prompt takes."""
    height, width = mask.shape
    flat = np.ascontiguousarray(mask.T, dtype=bool).ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate(([0], changes, [flat.size]))).tolist()
    if flat.size and flat[0]:
        counts.insert(0, 0)
    return {"size": [height, width], "counts": counts}
