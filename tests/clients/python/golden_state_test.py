"""States against values of the official code: the tiny model's image, encoded by the server, loaded by the client."""

import pathlib
import sys
import unittest
import uuid

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "clients" / "python"))
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from samcache_client import (
    Client,
    LocalEncodingStore,
    SamcacheError,
    ServiceEncodingStore,
    load_into_state,
    position_encoding,
    read_safetensors,
)
from samcache_client.safetensors_file import parse_safetensors
from service import TEST_DATA, ServiceTest

IMAGE = TEST_DATA / "golden" / "images" / "img0_150x113.png"
# Trunks are stored in bf16, 8 bits of mantissa; the official values are float32 throughout.
CLOSE = 0.02


def relative_error(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


class GoldenState(ServiceTest):
    server_arguments = ("--model", str(TEST_DATA / "tiny_hf"), "--precision", "fp32")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = Client(cls.server.url)
        cls.addClassCleanup(cls.client.close)
        cls.image = cls.client.upload(IMAGE)["id"]
        cls.client.wait(cls.image)
        cls.golden, _ = read_safetensors(TEST_DATA / "golden" / "golden_tiny.safetensors")

    def test_the_detectors_levels(self):
        state = load_into_state(self.client.encoding(self.image, profile="detector", dtype="fp32"))
        self.assertEqual((state["original_height"], state["original_width"]), (113, 150))
        for level, found in enumerate(state["backbone_out"]["backbone_fpn"]):
            expected = self.golden[f"img0/neck/sam3_fpn{level}"]
            self.assertEqual(found.shape, expected.shape)
            self.assertLess(relative_error(found, expected), CLOSE)

    def test_the_interactive_levels(self):
        state = ServiceEncodingStore(self.client, interactive=True).load(self.image)
        sam2 = state["backbone_out"]["sam2_backbone_out"]
        for found, name in zip(sam2["backbone_fpn"], ("sam2/feat_s0", "sam2/feat_s1", "neck/sam2_fpn2")):
            expected = self.golden[f"img0/{name}"]
            self.assertEqual(found.shape, expected.shape)
            self.assertLess(relative_error(found, expected), CLOSE)

    def test_position_encodings(self):
        # Flattened there: [rows x columns, 1, channels].
        expected = self.golden["img0/text_person/enc/pos_embed"]
        found = position_encoding(32, 12, 12).reshape(32, 144).T[:, None, :]
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def seed(self):
        return parse_safetensors(self.client.encoding_bytes(self.image, layout="seed"))[0]

    def test_a_state_has_the_official_shape(self):
        state = load_into_state(self.client.encoding(self.image, profile="detector"))
        out = state["backbone_out"]
        self.assertIsNone(out["sam2_backbone_out"])
        self.assertIs(out["vision_features"], out["backbone_fpn"][-1])
        seed = self.seed()
        for level in range(3):
            np.testing.assert_array_equal(out["backbone_fpn"][level], seed[f"backbone_fpn_{level}"])
            # Stored as bf16 there, computed here.
            np.testing.assert_allclose(out["vision_pos_enc"][level], seed[f"vision_pos_enc_{level}"], atol=2**-8)

    def test_the_models_embedding_is_taken_off_the_interactive_encoding(self):
        detector = self.client.encoding(self.image, profile="detector")
        interactive = self.client.encoding(self.image, profile="interactive")
        weights, _ = read_safetensors(TEST_DATA / "tiny_hf" / "model.safetensors")
        embedding = weights["tracker_model.no_memory_embedding"]
        state = load_into_state(detector, interactive, embedding)
        sam2 = state["backbone_out"]["sam2_backbone_out"]
        seed = self.seed()
        for level in range(3):
            self.assertLess(relative_error(sam2["backbone_fpn"][level], seed[f"sam2_backbone_fpn_{level}"]), 2**-7)
            self.assertEqual(sam2["vision_pos_enc"][level].shape[1], 32)
        for wrong in [
            (detector, interactive),
            (interactive,),
            (detector, detector, embedding),
            (detector, interactive, 1),
        ]:
            with self.assertRaises(SamcacheError):
                load_into_state(*wrong)

    def test_a_store_keeps_states(self):
        folder = self.folder / "states"
        store = LocalEncodingStore(folder)
        remote = ServiceEncodingStore(self.client, interactive=True)
        key = uuid.UUID(self.image)
        self.assertFalse(store.exists(key))
        with self.assertRaises(KeyError):
            store.load(key)
        state = remote.load(key)
        store.save(key, state)
        loaded = store.load(key)
        self.assertEqual((loaded["original_height"], loaded["original_width"]), (113, 150))
        for neck in (lambda s: s["backbone_out"], lambda s: s["backbone_out"]["sam2_backbone_out"]):
            for name in ("backbone_fpn", "vision_pos_enc"):
                for before, after in zip(neck(state)[name], neck(loaded)[name]):
                    np.testing.assert_array_equal(before, after)
        self.assertEqual(sorted(path.suffix for path in folder.iterdir()), [".json", ".safetensors"])
        store.delete(key)
        store.delete(key)
        self.assertFalse(store.exists(key))
        with self.assertRaises(SamcacheError):
            remote.load(key, device="cuda")


if __name__ == "__main__":
    unittest.main()
