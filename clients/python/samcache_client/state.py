"""The `state` of the official SAM 3 processor, made of what samcache keeps, and taken apart again.

The shape is what `Sam3Processor.set_image` leaves behind (sam3/model/sam3_image_processor.py, vl_combiner.py):

    {"original_height": int, "original_width": int,
     "backbone_out": {"vision_features": level 2, "vision_pos_enc": [3 levels], "backbone_fpn": [3 levels],
                      "sam2_backbone_out": {the same of the interactive neck} or None}}
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional

import numpy as np

from .encoding import Encoding
from .errors import SamcacheError
from .positions import position_encoding

State = Dict[str, Any]
ToTensor = Callable[[np.ndarray], Any]

LEVELS = 3  # the fourth, at half the token grid's size, is dropped by the official code


def _as_is(array: np.ndarray) -> Any:
    return array


def _neck(levels: List[np.ndarray], channels: int, to_tensor: ToTensor) -> Dict[str, Any]:
    fpn = [to_tensor(np.asarray(level, dtype=np.float32)) for level in levels]
    positions = [to_tensor(position_encoding(channels, *level.shape[-2:])) for level in levels]
    return {"vision_features": fpn[-1], "vision_pos_enc": positions, "backbone_fpn": fpn}


def load_into_state(
    encoding: Encoding,
    interactive: Optional[Encoding] = None,
    no_mem_embed: Optional[np.ndarray] = None,
    to_tensor: ToTensor = _as_is,
) -> State:
    """The state of a `detector` encoding: what `set_text_prompt` and `add_geometric_prompt` need.

    `to_tensor` makes the arrays what the model takes: `lambda array: torch.from_numpy(array.copy()).to("cuda")`.

    With the image's `interactive` encoding there is `sam2_backbone_out`, too, for clicks on one object. Its last level
    is stored with the model's no-memory embedding added, which the official code adds by itself: so `no_mem_embed`
    (`model.inst_interactive_predictor.model.no_mem_embed`, any shape with as many numbers as channels) is subtracted.
    """
    if encoding.profile != "detector":
        raise SamcacheError(
            f"a state is made of a detector encoding, not of {encoding.profile}: download it with profile=detector"
        )
    levels = [encoding.tensors[f"backbone_fpn_{i}"] for i in range(LEVELS)]
    channels = levels[-1].shape[1]
    backbone_out = _neck(levels, channels, to_tensor)
    backbone_out["sam2_backbone_out"] = None
    if interactive is not None:
        _check_pair(encoding, interactive)
        embeddings = [interactive.tensors[f"image_embeddings.{i}"] for i in range(LEVELS)]
        if no_mem_embed is None or np.size(no_mem_embed) != channels:
            raise SamcacheError(f"no_mem_embed must be the model's {channels} numbers")
        embeddings[-1] = embeddings[-1] - np.asarray(no_mem_embed, dtype=np.float32).reshape(1, channels, 1, 1)
        backbone_out["sam2_backbone_out"] = _neck(embeddings, channels, to_tensor)
    return {
        "original_height": encoding.original_height,
        "original_width": encoding.original_width,
        "backbone_out": backbone_out,
    }


def _check_pair(detector: Encoding, interactive: Encoding) -> None:
    if interactive.profile != "interactive":
        raise SamcacheError(f"the second encoding must be interactive, not {interactive.profile}")
    for key in ("image_sha256", "model_fingerprint", "preprocess"):
        if detector.metadata.get(key) != interactive.metadata.get(key):
            raise SamcacheError(f"the two encodings differ in {key}: they do not belong together")


# ---- The first design's layout: a flat file of the state's tensors, and the sizes beside it.


def _array(value: Any) -> np.ndarray:
    """Of a numpy array or a torch tensor, whatever its type and device."""
    if hasattr(value, "detach"):
        value = value.detach().float().cpu().numpy()
    return np.asarray(value, dtype=np.float32)


def tensors_of_state(state: State) -> Dict[str, np.ndarray]:
    """{"backbone_fpn_0": …, "vision_pos_enc_0": …, "sam2_backbone_fpn_0": …}."""
    tensors = {}
    backbone_out = state["backbone_out"]
    for prefix, neck in (("", backbone_out), ("sam2_", backbone_out.get("sam2_backbone_out"))):
        for name in ("backbone_fpn", "vision_pos_enc"):
            for index, level in enumerate(neck[name] if neck else ()):
                tensors[f"{prefix}{name}_{index}"] = _array(level)
    return tensors


def state_of_tensors(
    tensors: Mapping[str, np.ndarray], original_height: int, original_width: int, to_tensor: ToTensor = _as_is
) -> State:
    """The inverse; the fourth level that samcache's seed layout has for old code is left out."""

    def neck(prefix: str) -> Optional[Dict[str, Any]]:
        lists = {}
        for name in ("backbone_fpn", "vision_pos_enc"):
            keys = [f"{prefix}{name}_{i}" for i in range(LEVELS)]
            if not all(key in tensors for key in keys):
                return None
            lists[name] = [to_tensor(tensors[key]) for key in keys]
        return {"vision_features": lists["backbone_fpn"][-1], **lists}

    backbone_out = neck("")
    if backbone_out is None:
        raise SamcacheError("the file lacks levels of backbone_fpn or vision_pos_enc")
    backbone_out["sam2_backbone_out"] = neck("sam2_")
    return {"original_height": original_height, "original_width": original_width, "backbone_out": backbone_out}
