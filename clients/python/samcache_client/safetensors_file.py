"""safetensors files and numpy, read strictly: whatever is not as the format says is an error, never a wrong array.

numpy has no bfloat16: BF16 is read as float32, which holds every such number exactly, and written by rounding to the
nearest.
"""

from __future__ import annotations

import json
import math
import os
import struct
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from .errors import SamcacheError

PathLike = Union[str, "os.PathLike[str]"]

_MAX_HEADER_BYTES = 100_000_000
_DTYPES = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),  # its bits
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items() if name != "BF16"}


class SafetensorsError(SamcacheError):
    """Bytes that are no safetensors file."""


def float32_of_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The numbers whose upper halves these are."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def bfloat16_of_float32(values: np.ndarray) -> np.ndarray:
    """The bits of the nearest bfloat16, ties to even, as torch rounds."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    quiet_nan = (bits >> np.uint32(16)) | np.uint32(0x40)
    return np.where(np.isnan(values), quiet_nan, rounded).astype(np.uint16)


def parse_safetensors(data: bytes) -> Tuple[Dict[str, np.ndarray], Dict[str, str]]:
    """(tensors, metadata) of a file's bytes. Arrays of other types than BF16 share the memory of `data`."""
    header, start = _header(data)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise SafetensorsError("__metadata__ is not texts by their names")
    tensors = {}
    expected = 0
    for name, entry in sorted(header.items(), key=_begin):
        dtype_name, shape, begin, end = _entry(name, entry)
        if begin != expected:
            raise SafetensorsError(f"{name} does not begin where the tensor before it ends")
        dtype = _DTYPES[dtype_name]
        if end - begin != math.prod(shape) * dtype.itemsize:
            raise SafetensorsError(f"{name} has {end - begin} bytes, which is not what its shape takes")
        if start + end > len(data):
            raise SafetensorsError(f"the file ends in the middle of {name}")
        array = np.frombuffer(data, dtype, math.prod(shape), start + begin).reshape(shape)
        tensors[name] = float32_of_bfloat16(array) if dtype_name == "BF16" else array
        expected = end
    if start + expected != len(data):
        raise SafetensorsError("the file goes on after its last tensor")
    return tensors, metadata


def _begin(item: Tuple[str, Any]) -> Tuple[int, str]:
    name, entry = item
    try:
        return int(entry["data_offsets"][0]), name
    except (TypeError, KeyError, IndexError, ValueError):
        raise SafetensorsError(f"{name} has no data_offsets") from None


def read_safetensors(path: PathLike) -> Tuple[Dict[str, np.ndarray], Dict[str, str]]:
    """(tensors, metadata) of a file."""
    with open(path, "rb") as file:
        return parse_safetensors(file.read())


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise SafetensorsError("the header names something twice")
    return members


def _header(data: bytes) -> Tuple[Dict[str, Any], int]:
    if len(data) < 8:
        raise SafetensorsError("the file is too short for its header's length")
    (length,) = struct.unpack_from("<Q", data)
    if length > min(_MAX_HEADER_BYTES, len(data) - 8):
        raise SafetensorsError(f"the header is said to have {length} bytes, more than there are or make sense")
    try:
        header = json.loads(data[8 : 8 + length], object_pairs_hook=_unique)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise SafetensorsError("the header is no JSON") from error
    if not isinstance(header, dict):
        raise SafetensorsError("the header is no JSON object")
    return header, 8 + length


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _entry(name: str, entry: Any) -> Tuple[str, Tuple[int, ...], int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise SafetensorsError(f"{name} has not the members dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise SafetensorsError(f"{name} is of the unknown type {dtype!r}")
    if not isinstance(shape, list) or not all(map(_is_size, shape)):
        raise SafetensorsError(f"{name} has no shape")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_is_size, offsets)) or offsets[0] > offsets[1]:
        raise SafetensorsError(f"{name} has no data_offsets")
    return dtype, tuple(shape), offsets[0], offsets[1]


def serialize_safetensors(
    tensors: Mapping[str, np.ndarray],
    metadata: Optional[Mapping[str, str]] = None,
    *,
    bfloat16: bool = False,
    alignment: int = 8,
) -> bytes:
    """A file's bytes. `bfloat16`: float32 arrays are rounded to it. Data starts at a multiple of `alignment`."""
    header: Dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    pieces = []
    offset = 0
    for name, values in tensors.items():
        array = np.ascontiguousarray(values)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if bfloat16 and array.dtype == np.float32:
            dtype, data = "BF16", bfloat16_of_float32(array).astype("<u2").tobytes()
        elif array.dtype in _NAMES:
            dtype, data = _NAMES[array.dtype], array.tobytes()
        else:
            raise SafetensorsError(f"{name} is of the type {array.dtype}, which the format does not have")
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        pieces.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % alignment)
    return b"".join([struct.pack("<Q", len(text)), text, *pieces])


def write_safetensors(
    path: PathLike,
    tensors: Mapping[str, np.ndarray],
    metadata: Optional[Mapping[str, str]] = None,
    *,
    bfloat16: bool = False,
) -> None:
    """The file is there whole or not at all: it is written under another name and renamed."""
    data = serialize_safetensors(tensors, metadata, bfloat16=bfloat16)
    write_whole(path, data)


def write_whole(path: PathLike, data: bytes) -> None:
    temporary = f"{os.fspath(path)}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
