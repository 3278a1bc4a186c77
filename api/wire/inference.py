"""What the requests and responses of other servers' protocols share."""

from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import orjson
from fastapi import Response
from numpy.typing import NDArray
from pydantic import BaseModel

from models_store.models.serving_info import ServingInfo
from serving.sample_arrays import ImageFile
from serving.served_model import ServedModel
from serving.session import Samples


class InferenceBody(Protocol):
    """A request's body, parsed."""

    def samples(self, info: ServingInfo, scale: float | None = None) -> Samples | list[ImageFile]:
        """(n, *info.image_shape), `scale` as in `samples_of_numbers`, or n image files; n is at least 1. Raises
        BadTensor."""
        ...


B = TypeVar("B", bound=InferenceBody)


class Inferred(NamedTuple, Generic[B]):
    """`probabilities`: (n, classes), float32, all by `model`."""

    body: B
    model: ServedModel
    probabilities: NDArray[np.float32]


def json_response(answer: dict[str, object]) -> Response:
    return Response(dump_json(answer), media_type="application/json")


def dump_json(answer: dict[str, object]) -> bytes:
    """JSON; models as objects, arrays as nested lists, each float32 as the shortest number that parses to it."""
    return orjson.dumps(answer, default=_dump_model, option=orjson.OPT_SERIALIZE_NUMPY)


def _dump_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, exclude_none=True)
    raise TypeError
