"""Preprocessing options: image size, resizing, color and scale."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field

from specs import limits
from specs.dataset import Dataset
from specs.layers import Shape
from specs.schema import FieldError, Schema

Scale = Literal["none", "unit", "centered", "standardize"]
Resize = Literal["stretch", "fit", "fill"]
Color = Literal["grayscale", "rgb"]
_CHANNELS: dict[Color, int] = {"grayscale": 1, "rgb": 3}


def _size(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2:
        return tuple(value)
    raise ValueError("expected two whole numbers as [height, width]")


_Side = Annotated[int, Field(ge=1, le=limits.IMAGE_SIDE)]
ImageSize = Annotated[
    tuple[_Side, _Side],
    BeforeValidator(_size, json_schema_input_type=tuple[_Side, _Side]),
    Field(description=f"[height, width], each a whole number from 1 to {limits.IMAGE_SIDE}"),
]


class PreprocessingSpec(Schema):
    """`image_size` and `color` default to the dataset's own. `resize` maps other sizes to `image_size`: `stretch`
    ignores the aspect ratio, `fit` keeps it and pads with black, `fill` keeps it and crops.

    `scale` maps pixels 0-255: `none` keeps them, `unit` gives [0, 1], `centered` gives [-1, 1], `standardize` subtracts
    the mean of the training split and divides by its standard deviation. Samples that are features, not images, are
    only scaled by `standardize`.
    """

    image_size: ImageSize | None = None
    resize: Resize = "stretch"
    color: Color | None = None
    scale: Scale = "unit"

    def input_shape(self, dataset: Dataset) -> Shape:
        """The shape that the network receives: (height, width, channels), or (features,) for samples without images.

        Raises FieldError, with a path from here, if the options do not fit the dataset.
        """
        own: Shape | None = dataset.image_shape
        if own is not None and len(own) != 3:
            self._reject_image_options(dataset.name)
            return own
        if own is None and self.image_size is None:
            raise FieldError(
                ("image_size",),
                f"`image_size` is missing; the images of {dataset.name} differ in size, so give the size for the "
                "network as [height, width], for instance [64, 64]",
            )
        height, width = self.image_size or own[:2]  # type: ignore[index]  # one of them is given: see above
        channels = _CHANNELS[self.color] if self.color else own[2] if own else _CHANNELS["rgb"]
        return (height, width, channels)

    def fit_to(self, dataset: Dataset) -> Self:
        """Return the options with `scale` set to none if it was left out and the samples are features.

        Raises FieldError as `input_shape` does, and for a `scale` of pixels if the samples are features.
        """
        self.input_shape(dataset)
        if dataset.has_images:
            return self
        if "scale" not in self.model_fields_set:
            return self.model_copy(update={"scale": "none"})
        if self.scale in ("unit", "centered"):
            raise FieldError(
                ("scale",),
                f"{self.scale} scales pixels 0-255, but the samples of {dataset.name} are features; set `scale` to "
                "none or standardize",
            )
        return self

    def _reject_image_options(self, name: str) -> None:
        for field, given in (("image_size", self.image_size), ("color", self.color)):
            if given is not None:
                raise FieldError((field,), f"the samples of {name} are features, not images; set `{field}` to null")
