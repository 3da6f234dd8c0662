"""safetensors files in numpy: what is written is read back, and what is not as it says is refused."""

import json
import pathlib
import struct
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "clients" / "python"))

from samcache_client import SafetensorsError, read_safetensors, write_safetensors
from samcache_client.safetensors_file import (
    bfloat16_of_float32,
    float32_of_bfloat16,
    parse_safetensors,
    serialize_safetensors,
)


def file_of(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


class Bfloat16(unittest.TestCase):
    def test_every_number_is_its_own_float32(self):
        bits = np.arange(1 << 16, dtype=np.uint16)
        values = float32_of_bfloat16(bits)
        finite = np.isfinite(values)
        np.testing.assert_array_equal(bfloat16_of_float32(values[finite]), bits[finite])
        self.assertTrue(np.isnan(float32_of_bfloat16(bfloat16_of_float32(values[np.isnan(values)]))).all())

    def test_others_are_rounded_to_the_nearest_ties_to_even(self):
        one, ulp = 1.0, 2.0**-7
        for value, expected in [
            (one + ulp / 2, one),
            (one + 1.5 * ulp, one + 2 * ulp),
            (one + 0.51 * ulp, one + ulp),
            (-one - 0.49 * ulp, -one),
            (3.4e38, np.inf),
        ]:
            self.assertEqual(float32_of_bfloat16(bfloat16_of_float32(np.float32([value])))[0], expected, value)


class RoundTrip(unittest.TestCase):
    def test_all_types_and_shapes(self):
        tensors = {
            name: np.arange(6).astype(name).reshape(shape)
            for name, shape in [
                ("float32", (2, 3)),
                ("float16", (6,)),
                ("float64", (1, 6, 1)),
                ("int64", (3, 2)),
                ("uint8", (6,)),
                ("bool", (6,)),
            ]
        }
        tensors["scalar"] = np.float32(7)
        tensors["empty"] = np.zeros((0, 4), np.float32)
        tensors["turned"] = np.arange(6, dtype=np.float32).reshape(2, 3).T
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.safetensors"
            write_safetensors(path, tensors, {"key": "value ü"})
            read, metadata = read_safetensors(path)
            self.assertEqual([item.name for item in pathlib.Path(folder).iterdir()], ["x.safetensors"])
        self.assertEqual(metadata, {"key": "value ü"})
        self.assertEqual(set(read), set(tensors))
        for name, array in tensors.items():
            np.testing.assert_array_equal(read[name], array)
            self.assertEqual(read[name].dtype, np.asarray(array).dtype)

    def test_bfloat16(self):
        values = np.float32([1.0, -2.5, 1e-20, 3.0])
        data = serialize_safetensors({"x": values}, bfloat16=True, alignment=4096)
        self.assertEqual(len(data), 4096 + 8)
        np.testing.assert_allclose(parse_safetensors(data)[0]["x"], values, rtol=2**-8)


class Hostile(unittest.TestCase):
    def test_what_is_not_as_the_format_says_is_refused(self):
        good = {"x": entry()}
        self.assertEqual(parse_safetensors(file_of(good, bytes(8)))[0]["x"].shape, (2,))
        self.assertEqual(parse_safetensors(file_of(json.dumps(good).encode() + b"   ", bytes(8)))[0]["x"].shape, (2,))
        for what, data in {
            "nothing": b"",
            "a length alone": struct.pack("<Q", 5),
            "a length past the end": struct.pack("<Q", 1 << 62) + b"{}",
            "no JSON": file_of(b"{"),
            "no UTF-8": file_of(b'{"\xff": 1}'),
            "no object": file_of([1]),
            "depth": file_of(b"[" * 100_000),
            "a name twice": file_of(b'{"x": 1, "x": 2}'),
            "metadata of numbers": file_of({"__metadata__": {"a": 1}}),
            "metadata of a list": file_of({"__metadata__": []}),
            "an unknown type": file_of({"x": entry(dtype="F8")}, bytes(8)),
            "a type that is none": file_of({"x": entry(dtype=["F32"])}, bytes(8)),
            "no members": file_of({"x": {}}),
            "more members": file_of({"x": {**entry(), "y": 1}}, bytes(8)),
            "a negative size": file_of({"x": entry(shape=(-2,))}, bytes(8)),
            "a size that is none": file_of({"x": entry(shape=("2",))}, bytes(8)),
            "a truth as a size": file_of({"x": entry(shape=(True, 2))}, bytes(8)),
            "sizes that overflow": file_of({"x": entry(shape=(1 << 62, 8))}, bytes(8)),
            "offsets backwards": file_of({"x": entry(offsets=(8, 0))}, bytes(8)),
            "offsets past the end": file_of({"x": entry(shape=(4,), offsets=(0, 16))}, bytes(8)),
            "offsets that are none": file_of({"x": entry(offsets=(0, 8, 8))}, bytes(8)),
            "a wrong size": file_of({"x": entry(shape=(1,))}, bytes(8)),
            "an overlap": file_of({"x": entry(), "y": entry(offsets=(4, 12))}, bytes(12)),
            "a gap": file_of({"x": entry(), "y": entry(offsets=(9, 17))}, bytes(17)),
            "a gap before": file_of({"x": entry(offsets=(1, 9))}, bytes(9)),
            "bytes behind": file_of(good, bytes(9)),
        }.items():
            with self.subTest(what), self.assertRaises(SafetensorsError):
                parse_safetensors(data)

    def test_a_type_that_the_format_lacks_cannot_be_written(self):
        with self.assertRaises(SafetensorsError):
            serialize_safetensors({"x": np.zeros(2, np.complex64)})


if __name__ == "__main__":
    unittest.main()
