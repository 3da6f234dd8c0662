"""Checks a safetensors file by the rules of Hugging Face's own reader, restated here with nothing but Python's library,
so that the tests do not judge the writer by the reader that was written beside it.

usage: safetensors_rules.py FILE   prints one line a tensor: name dtype shape sum-of-bytes; exit status 1 and a reason
                                   when the file is not one that reader accepts
"""

import json
import struct
import sys

BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
        "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}
MAX_HEADER_BYTES = 100_000_000


def require(condition, reason):
    if not condition:
        sys.exit(reason)


def unique(pairs):
    require(len({key for key, _ in pairs}) == len(pairs), "duplicate key")
    return dict(pairs)


def is_size(value):
    return type(value) is int and 0 <= value < 1 << 64


def main(path):
    with open(path, "rb") as file:
        content = file.read()
    require(len(content) >= 8, "header too small")
    (length,) = struct.unpack("<Q", content[:8])
    require(length <= MAX_HEADER_BYTES, "header too large")
    require(8 + length <= len(content), "invalid header length")
    header = json.loads(content[8:8 + length].decode("utf-8"), object_pairs_hook=unique)
    metadata = header.pop("__metadata__", {})
    require(all(isinstance(value, str) for value in metadata.values()), "metadata that is not text")
    data = content[8 + length:]

    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        require(set(entry) == {"dtype", "shape", "data_offsets"}, f"{name}: keys")
        require(all(map(is_size, entry["shape"] + entry["data_offsets"])), f"{name}: not a size")
        first, last = entry["data_offsets"]
        require(first == end and last >= first, f"{name}: invalid offset")
        end = last
        count = 1
        for dimension in entry["shape"]:
            count *= dimension
        bits = count * BITS[entry["dtype"]]
        require(bits < 1 << 64 and bits % 8 == 0 and bits // 8 == last - first, f"{name}: invalid info")
        shape = "x".join(map(str, entry["shape"]))
        print(name, entry["dtype"], shape, sum(data[first:last]))
    require(end == len(data), "metadata does not cover the file")
    # Not a rule of theirs but a promise of ours.
    require((8 + length) % 4096 == 0, "the data does not start at a multiple of 4096")


if __name__ == "__main__":
    main(sys.argv[1])
