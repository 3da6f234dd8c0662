"""Writes the seed corpus of fuzz_safetensors: one small file for each kind of fault, and some good ones to start from.

usage: make_safetensors_corpus.py [FOLDER]   (default: corpus/safetensors beside this script)

The files are committed; run this again after adding a case. The same faults, with the error each must give, are in
src/tensors/safetensors_hostile_test.cpp.
"""

import pathlib
import struct
import sys


def framed(header, data=b"", length=None):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(name="a", dtype="U8", shape="[4]", offsets="[0,4]"):
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


def one(data=4, **changes):
    return framed("{" + entry(**changes) + "}", b"d" * data)


def two(second, data=8):
    return framed("{" + entry() + "," + second + "}", b"d" * data)


def encoding(profile, tensors, data):
    keys = {"format": "samcache.encoding", "version": "1", "image_sha256": "a" * 64, "model": "m",
            "model_fingerprint": "f", "preprocess": "1", "profile": profile, "original_height": "2",
            "original_width": "3", "created_at": "2025-01-31T23:59:59Z",
            "digest": "xxh3-128:" + "0" * 32}
    metadata = ",".join(f'"{key}":"{value}"' for key, value in keys.items())
    return framed('{"__metadata__":{' + metadata + "}," + tensors + "}", b"d" * data)


CASES = {
    # good ones
    "good_empty": framed("{}"),
    "good_padded": framed("{}      "),
    "good_one": one(),
    "good_two_in_reverse": framed("{" + entry("b", "F32", "[2]", "[4,12]") + "," + entry() + "}", b"d" * 12),
    "good_empty_tensor": two(entry("b", "F32", "[0,3]", "[4,4]"), 4),
    "good_scalar": one(shape="[]", dtype="F32"),
    "good_packed": one(dtype="F4", shape="[8]"),
    "good_misaligned": framed("{" + entry("b", "U8", "[1]", "[0,1]") + "," + entry("a", "F64", "[1]", "[1,9]") + "}", b"d" * 9),
    "good_metadata": framed('{"__metadata__":{"format":"pt","k":""},' + entry() + "}", b"dddd"),
    "good_trunk": encoding("trunk", entry("trunk", "BF16", "[1,2,1,1]", "[0,4]"), 4),
    "good_interactive": encoding("interactive", ",".join([
        entry("image_embeddings.0", "F16", "[1,1,4,4]", "[0,32]"), entry("image_embeddings.1", "F16", "[1,1,2,2]", "[32,40]"),
        entry("image_embeddings.2", "F16", "[1,1,1,1]", "[40,42]")]), 42),
    "good_detector": encoding("detector", ",".join([
        entry("backbone_fpn_0", "F32", "[1,1,4,4]", "[0,64]"), entry("backbone_fpn_1", "F32", "[1,1,2,2]", "[64,80]"),
        entry("backbone_fpn_2", "F32", "[1,1,1,1]", "[80,84]")]), 84),
    # the frame
    "nothing": b"",
    "seven_bytes": b"\0" * 7,
    "length_zero": framed("{}", length=0),
    "length_past_end": framed("{}", length=3),
    "length_over_limit": framed("{}", length=100_000_001),
    "length_wraps": framed("{}", length=2**64 - 4),
    "leading_space": framed(" {}"),
    "not_utf8": framed(b'{"a\xff":{}}'),
    "overlong_utf8": framed(b'{"\xc0\xaf":{}}'),
    "zero_byte_after_header": framed(b"{}\0junk"),
    "junk_after_header": framed("{} x"),
    "bytes_after_data": one(data=5),
    "truncated_data": one(data=3),
    # the JSON
    "unfinished": framed("{"),
    "lone_surrogate": framed('{"\\ud800":1}'),
    "nested_arrays": framed('{"a":' + "[" * 2000),
    "nested_objects": framed('{"a":' * 500),
    "entry_is_number": framed('{"a":1}'),
    "entry_is_null": framed('{"a":null}'),
    "duplicate_tensor": two(entry(), 4),
    "duplicate_by_escape": two(entry("\\u0061", "U8", "[0]", "[4,4]"), 4),
    "duplicate_key": framed('{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', b"dddd"),
    "duplicate_metadata": framed('{"__metadata__":{},"__metadata__":{}}'),
    "duplicate_metadata_key": framed('{"__metadata__":{"k":"1","k":"2"}}'),
    "metadata_number": framed('{"__metadata__":{"k":1}}'),
    "metadata_object": framed('{"__metadata__":{"k":{}}}'),
    "unknown_key": framed('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}}', b"dddd"),
    "missing_shape": framed('{"a":{"dtype":"U8","data_offsets":[0,4]}}', b"dddd"),
    # the values
    "unknown_dtype": one(dtype="F33"),
    "negative_dimension": one(shape="[-4]"),
    "two_negative_dimensions": one(shape="[-2,-2]"),
    "fraction": one(shape="[4.0]"),
    "huge_number": one(shape="[1e999]"),
    "dimension_2_63": one(shape="[9223372036854775808]"),
    "dimension_2_64": one(shape="[18446744073709551616]"),
    "many_dimensions": one(shape="[" + "1," * 16 + "4]"),
    "product_wraps_to_zero": one(0, shape="[4294967296,4294967296]", offsets="[0,0]"),
    "bits_wrap_to_zero": one(0, dtype="F64", shape="[2305843009213693952]", offsets="[0,0]"),
    "product_overflows": one(shape="[4611686018427387905,4]"),
    "half_a_byte": one(2, dtype="F4", shape="[3]", offsets="[0,2]"),
    "size_not_shape": one(shape="[3]"),
    # the offsets
    "one_offset": one(offsets="[0]"),
    "three_offsets": one(offsets="[0,4,4]"),
    "backwards": one(offsets="[4,0]"),
    "past_end": one(shape="[8]", offsets="[0,8]"),
    "offset_2_64": one(offsets="[0,18446744073709551615]"),
    "gap": two(entry("b", "U8", "[4]", "[5,9]"), 9),
    "overlap": two(entry("b", "U8", "[4]", "[3,7]"), 7),
    "alias": two(entry("b"), 4),
}


def main():
    default = pathlib.Path(__file__).resolve().parent / "corpus" / "safetensors"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CASES.items():
        (folder / f"{name}.bin").write_bytes(content)


if __name__ == "__main__":
    main()
