"""Stores of states, under the names and with the methods of the project's first design."""

from __future__ import annotations

import datetime
import json
import pathlib
from abc import ABC, abstractmethod
from typing import Any, Callable, Optional, Union
from uuid import UUID

import numpy as np

from .client import Client
from .encoding import parse_encoding
from .errors import ApiError, SamcacheError
from .safetensors_file import parse_safetensors, read_safetensors, write_safetensors, write_whole
from .state import State, load_into_state, state_of_tensors, tensors_of_state

# Makes an array what the model takes, on a device: lambda array, device: torch.from_numpy(array.copy()).to(device)
ToDevice = Callable[[np.ndarray, str], Any]


def _numpy_only(array: np.ndarray, device: str) -> Any:
    if device != "cpu":
        raise SamcacheError(f"arrays cannot be put on {device}: give the store a to_device function")
    return array


class EncodingStore(ABC):
    """Keeps the states of images. A state that is not there is a KeyError."""

    @abstractmethod
    def exists(self, image_id: UUID) -> bool: ...

    @abstractmethod
    def save(self, image_id: UUID, state: State) -> None: ...

    @abstractmethod
    def load(self, image_id: UUID, device: str = "cpu") -> State: ...

    @abstractmethod
    def delete(self, image_id: UUID) -> None: ...


class LocalEncodingStore(EncodingStore):
    """Files of a folder: ID.safetensors and ID.meta.json, as `samcache store get --layout seed` writes them, too."""

    def __init__(
        self, base_dir: Union[str, pathlib.Path], to_device: ToDevice = _numpy_only, bfloat16: bool = True
    ) -> None:
        self.base_dir = pathlib.Path(base_dir)
        self.base_dir.mkdir(parents=True, exist_ok=True)
        self._to_device = to_device
        self._bfloat16 = bfloat16

    def _path(self, image_id: UUID) -> pathlib.Path:
        return self.base_dir / f"{UUID(str(image_id))}.safetensors"

    def exists(self, image_id: UUID) -> bool:
        return self._path(image_id).exists()

    def save(self, image_id: UUID, state: State) -> None:
        path = self._path(image_id)
        meta = {
            "original_height": int(state["original_height"]),
            "original_width": int(state["original_width"]),
            "created_at": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        }
        # First: whoever sees the tensors finds the sizes.
        write_whole(path.with_suffix(".meta.json"), json.dumps(meta).encode())
        write_safetensors(path, tensors_of_state(state), bfloat16=self._bfloat16)

    def load(self, image_id: UUID, device: str = "cpu") -> State:
        path = self._path(image_id)
        try:
            tensors, _ = read_safetensors(path)
            meta = json.loads(path.with_suffix(".meta.json").read_text())
        except FileNotFoundError:
            raise KeyError(image_id) from None
        return state_of_tensors(
            tensors,
            int(meta["original_height"]),
            int(meta["original_width"]),
            lambda array: self._to_device(array, device),
        )

    def delete(self, image_id: UUID) -> None:
        for path in (self._path(image_id), self._path(image_id).with_suffix(".meta.json")):
            try:
                path.unlink()
            except FileNotFoundError:
                pass


class ServiceEncodingStore(EncodingStore):
    """What a samcache server keeps, in whatever stores it has: folders, Azure Blob Storage, Redis.

    `interactive`: states have `sam2_backbone_out`, too. That is a larger download (the layout with all levels of both
    necks), which needs a checkpoint that has the necks' fourth level, as the released one does.
    """

    def __init__(self, client: Client, interactive: bool = False, to_device: ToDevice = _numpy_only) -> None:
        self._client = client
        self._interactive = interactive
        self._to_device = to_device

    def exists(self, image_id: UUID) -> bool:
        try:
            return bool(self._client.encoding_state(str(image_id))["exists"])
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    def save(self, image_id: UUID, state: Optional[State] = None) -> None:
        """Has the server encode the image, and waits for it. A server keeps what it can check: it made it itself."""
        self._client.encode(str(image_id))

    def load(self, image_id: UUID, device: str = "cpu") -> State:
        def to_tensor(array: np.ndarray) -> Any:
            return self._to_device(array, device)

        try:
            if not self._interactive:
                data = self._client.encoding_bytes(str(image_id), profile="detector")
                return load_into_state(parse_encoding(data), to_tensor=to_tensor)
            image = self._client.image(str(image_id))
            tensors, _ = parse_safetensors(self._client.encoding_bytes(str(image_id), layout="seed"))
        except ApiError as error:
            if error.status == 404:
                raise KeyError(image_id) from None
            raise
        return state_of_tensors(tensors, image["height"], image["width"], to_tensor)

    def delete(self, image_id: UUID) -> None:
        """Removes the image with all that was made of it; one that is not there is fine."""
        try:
            self._client.delete(str(image_id))
        except ApiError as error:
            if error.status != 404:
                raise
