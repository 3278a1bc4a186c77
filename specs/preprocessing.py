"""What happens to an image before the network sees it."""

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
    """`image_size` and `color` left out are the dataset's own. An image of another size is stretched to it, or keeps
    its proportions: `fit` pads with black, `fill` cuts off what is too much.

    Pixels come as 0-255. `none` leaves them so; `unit` gives [0, 1]; `centered` gives [-1, 1];
    `standardize` subtracts the mean of the training split and divides by its standard deviation. Samples that are
    numbers in a row and no pixels are left as they are unless `standardize` is asked for.
    """

    image_size: ImageSize | None = None
    resize: Resize = "stretch"
    color: Color | None = None
    scale: Scale = "unit"

    def input_shape(self, dataset: Dataset) -> Shape:
        """What the network receives of a sample: (height, width, channels), or (features,) where it is no image.

        Raises FieldError, its path leading from here, where the dataset does not go with it.
        """
        own: Shape | None = dataset.image_shape
        if own is not None and len(own) != 3:
            self._require_nothing_for_images(dataset.name)
            return own
        if own is None and self.image_size is None:
            raise FieldError(
                ("image_size",),
                f"`image_size` is missing; the images of {dataset.name} differ in size, so give the size that the "
                "network receives as [height, width], such as [64, 64]",
            )
        height, width = self.image_size or own[:2]  # type: ignore[index]  # one of both is there: see above
        channels = _CHANNELS[self.color] if self.color else own[2] if own else _CHANNELS["rgb"]
        return (height, width, channels)

    def fitted_to(self, dataset: Dataset) -> Self:
        """With `scale` none where it was left out and the samples are no pixels. Raises FieldError as `input_shape`
        does, and for a scale that divides what is no pixel by 255."""
        self.input_shape(dataset)
        if dataset.has_images:
            return self
        if "scale" not in self.model_fields_set:
            return self.model_copy(update={"scale": "none"})
        if self.scale in ("unit", "centered"):
            raise FieldError(
                ("scale",),
                f"{self.scale} is for pixels 0-255, and the samples of {dataset.name} are other numbers; leave `scale` "
                "out, or set it to none or standardize",
            )
        return self

    def _require_nothing_for_images(self, name: str) -> None:
        for field, given in (("image_size", self.image_size), ("color", self.color)):
            if given is not None:
                raise FieldError(
                    (field,), f"the samples of {name} are numbers in a row, not images; leave `{field}` out"
                )
