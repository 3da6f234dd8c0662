"""Talks to a samcache server, and reads the encodings that it keeps.

    client = Client("http://127.0.0.1:8080")
    image = client.upload("photo.jpg")
    client.wait(image["id"])
    answer = client.infer(image["id"], text="yellow school bus")
    answer.masks, answer.boxes, answer.scores      # numpy arrays

Needs numpy and the standard library alone. `load_into_state` makes of an encoding the `state` that the official SAM 3
processor works on; `EncodingStore` and `SAM3Service` do the same under the names of the project's first design.
"""

from .client import Answer, Client, Event
from .encoding import Encoding, read_encoding
from .errors import ApiError, NotEncoded, SamcacheError
from .masks import mask_from_rle, rle_from_mask
from .positions import position_encoding
from .safetensors_file import SafetensorsError, read_safetensors, write_safetensors
from .service import SAM3Service
from .state import State, load_into_state, tensors_of_state
from .stores import EncodingStore, LocalEncodingStore, ServiceEncodingStore

__all__ = [
    "Answer",
    "ApiError",
    "Client",
    "Encoding",
    "EncodingStore",
    "Event",
    "LocalEncodingStore",
    "NotEncoded",
    "SAM3Service",
    "SafetensorsError",
    "SamcacheError",
    "ServiceEncodingStore",
    "State",
    "load_into_state",
    "mask_from_rle",
    "position_encoding",
    "read_encoding",
    "read_safetensors",
    "rle_from_mask",
    "tensors_of_state",
    "write_safetensors",
]
