"""The sine position encoding of SAM 3's feature levels: it depends on their shape alone, so nobody stores it."""

from __future__ import annotations

import numpy as np

_TEMPERATURE = 10000.0
_EPSILON = 1e-6


def position_encoding(channels: int, height: int, width: int) -> np.ndarray:
    """[1, channels, height, width]: the first half of the channels says the row, the second the column."""
    features = channels // 2
    index = np.arange(features, dtype=np.float32)
    periods = np.float32(_TEMPERATURE) ** (2 * np.floor(index / 2) / features).astype(np.float32)

    def waves(length: int) -> np.ndarray:
        # Coordinates count from one, and reach a full circle at the last.
        angle = np.arange(1, length + 1, dtype=np.float32) / np.float32(length + _EPSILON) * np.float32(2 * np.pi)
        angles = angle[:, None] / periods
        return np.where(index % 2 == 0, np.sin(angles), np.cos(angles)).astype(np.float32).T  # [features, length]

    rows = np.broadcast_to(waves(height)[:, :, None], (features, height, width))
    columns = np.broadcast_to(waves(width)[:, None, :], (features, height, width))
    return np.concatenate([rows, columns])[None]
