"""Input tensors: in JSON, or in the bytes behind the JSON, as Triton's clients send them."""

import math
import struct
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from api.wire.json_body import WithoutNulls, decode_file, parse_numbers
from serving.errors import BadTensor
from serving.sample_arrays import MAX_IMAGES, check_count
from specs.problem import format_value, shorten

FILES = "BYTES"
# Little-endian, without gaps. numpy has no BF16: it is the upper half of a float32.
_DTYPES = {
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "BF16": "<u2",
    "FP32": "<f4",
    "FP64": "<f8",
}
_LENGTH = struct.Struct("<I")

# Not 0: an empty array may still have sizes that numpy cannot hold.
_Size = Annotated[int, Field(strict=True, ge=1, lt=2**31)]


class InputParameters(WithoutNulls):
    """`binary_data_size`: how many of the bytes behind the JSON are this tensor's."""

    binary_data_size: Annotated[int, Field(strict=True, ge=0)] | None = None
    shared_memory_region: str | None = None


class InputTensor(WithoutNulls):
    name: str
    shape: Annotated[list[_Size], Field(min_length=1, max_length=8)]
    datatype: str
    parameters: InputParameters = InputParameters()
    data: list[Any] | None = None

    def values(self, binary: memoryview | None) -> NDArray[Any] | list[bytes]:
        """An array of `shape`, or for BYTES its elements, which are image files: base64 in JSON, raw in `binary`.

        Raises BadTensor."""
        if self.parameters.shared_memory_region is not None:
            raise BadTensor(f"{self._where}: shared memory is not supported; send the tensor in the body")
        if self.datatype == FILES:
            return self._files(binary)
        if self.datatype not in _DTYPES:
            known = ", ".join([*_DTYPES, FILES])
            raise BadTensor(f"{self._where} has datatype {format_value(self.datatype)}; expected one of {known}")
        return self._parse_json() if binary is None else self._parse_bytes(binary)

    @property
    def _where(self) -> str:
        return f"input {shorten(self.name)}"

    @property
    def _count(self) -> int:
        return math.prod(self.shape)

    def _parse_json(self) -> NDArray[Any]:
        array = parse_numbers(self._data(), self._where)
        if array.size != self._count:
            raise BadTensor(f"{self._where} holds {array.size:,} numbers; shape {self.shape} has {self._count:,}")
        return array.reshape(self.shape)

    def _parse_bytes(self, binary: memoryview) -> NDArray[Any]:
        dtype = np.dtype(_DTYPES[self.datatype])
        expected = self._count * dtype.itemsize
        if len(binary) != expected:
            raise BadTensor(
                f"{self._where} has {len(binary):,} bytes; shape {self.shape} of {self.datatype} has {expected:,}"
            )
        array = np.frombuffer(binary, dtype).reshape(self.shape)
        return (array.astype(np.uint32) << 16).view(np.float32) if self.datatype == "BF16" else array

    def _files(self, binary: memoryview | None) -> list[bytes]:
        if self._count != self.shape[0]:
            raise BadTensor(f"{self._where} has shape {self.shape}; expected [n] or [n, 1] for n image files")
        check_count(self._count, MAX_IMAGES, "images")
        files = self._texts() if binary is None else split_elements(binary, self._where)
        if len(files) != self._count:
            raise BadTensor(f"{self._where} holds {len(files):,} elements; shape {self.shape} has {self._count:,}")
        return files

    def _texts(self) -> list[bytes]:
        texts = [each[0] if isinstance(each, list) and len(each) == 1 else each for each in self._data()]
        if wrong := [each for each in texts if not isinstance(each, str)]:
            raise BadTensor(f"{self._where} holds {format_value(wrong[0])}; expected base64 of an image, as text")
        return [decode_file(text, f"{self._where}/{index}") for index, text in enumerate(texts)]

    def _data(self) -> list[Any]:
        if self.data is None:
            raise BadTensor(f"{self._where} has neither `data` nor the parameter `binary_data_size`")
        return self.data


def split_elements(binary: memoryview, where: str) -> list[bytes]:
    """Elements of type BYTES: each is preceded by four bytes with its length. Raises BadTensor."""
    elements, at = [], 0
    while at < len(binary):
        if at + _LENGTH.size > len(binary):
            raise BadTensor(f"{where} is cut short: {len(binary) - at} bytes are left where a length takes 4")
        (length,) = _LENGTH.unpack_from(binary, at)
        at += _LENGTH.size
        if at + length > len(binary):
            raise BadTensor(f"{where} is cut short: an element of {length:,} bytes has only {len(binary) - at:,}")
        elements.append(bytes(binary[at : at + length]))
        at += length
    return elements


def join_elements(elements: list[bytes]) -> bytes:
    """The inverse of `split_elements`."""
    return b"".join(_LENGTH.pack(len(each)) + each for each in elements)
