"""The service of the project's first design, on top of a samcache server.

It encodes and prompts there. With the official processor at hand, prompts can run here instead, from encodings that the
server made: `infer_with_encoding`.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Dict, List, Optional, Tuple
from uuid import UUID

from .client import Client, ImageSource
from .errors import SamcacheError
from .state import State
from .stores import EncodingStore, ServiceEncodingStore

# Centre x, centre y, width, height from 0 to 1, as the official processor takes them; and whether it is positive.
Box = Tuple[List[float], bool]


class SAM3Service:
    def __init__(
        self,
        client: Client,
        encoding_store: Optional[EncodingStore] = None,
        local_cache_size: int = 0,
        processor: Any = None,
        device: str = "cpu",
    ) -> None:
        """`encoding_store` keeps states here; without one they come from the server each time. `local_cache_size`: so
        many states stay in memory. `processor`: the official Sam3Processor, for infer_with_encoding."""
        self._client = client
        self._service = ServiceEncodingStore(client)
        self._store = encoding_store
        self._processor = processor
        self._device = device
        self._local_cache: OrderedDict[UUID, State] = OrderedDict()
        self._local_cache_size = local_cache_size

    def encode_image(self, image: ImageSource) -> UUID:
        """Uploads an image and waits until it is encoded. Its id comes from its content: the same one, the same id."""
        image_id = self._client.upload(image)["id"]
        self._client.encode(image_id)
        return UUID(image_id)

    def get_encoding(self, image_id: UUID) -> State:
        """The official processor's state: from memory, from the store, or from the server, and then kept there."""
        if image_id in self._local_cache:
            self._local_cache.move_to_end(image_id)
            return self._local_cache[image_id]
        if self._store is None:
            state = self._service.load(image_id, self._device)
        else:
            if not self._store.exists(image_id):
                self._store.save(image_id, self._service.load(image_id))
            state = self._store.load(image_id, self._device)
        self._cache_locally(image_id, state)
        return state

    def infer(
        self,
        image_id: UUID,
        text_prompt: Optional[str] = None,
        boxes: Optional[List[Box]] = None,
        confidence_threshold: float = 0.5,
    ) -> Dict[str, Any]:
        """Every instance of a concept, found by the server: {"masks", "boxes", "scores"} as numpy arrays."""
        answer = self._client.infer(
            str(image_id),
            text=text_prompt,
            boxes=[(list(coords), positive) for coords, positive in boxes or []],
            box_format="cxcywh",
            mode="concept",
            threshold=confidence_threshold,
        )
        return {"masks": answer.masks, "boxes": answer.boxes, "scores": answer.scores}

    def infer_with_encoding(
        self, image_id: UUID, text_prompt: Optional[str] = None, boxes: Optional[List[Box]] = None
    ) -> Dict[str, Any]:
        """The same, found here by the official processor from the encoding that the server made."""
        if self._processor is None:
            raise SamcacheError("infer_with_encoding needs the official processor: SAM3Service(client, processor=…)")
        state = self.get_encoding(image_id)
        self._processor.reset_all_prompts(state)
        if text_prompt:
            state = self._processor.set_text_prompt(text_prompt, state)
        for box, is_positive in boxes or []:
            state = self._processor.add_geometric_prompt(box, is_positive, state)
        return {"masks": state.get("masks"), "boxes": state.get("boxes"), "scores": state.get("scores")}

    def _cache_locally(self, image_id: UUID, state: State) -> None:
        if self._local_cache_size <= 0:
            return
        while len(self._local_cache) >= self._local_cache_size:
            self._local_cache.popitem(last=False)
        self._local_cache[image_id] = state
