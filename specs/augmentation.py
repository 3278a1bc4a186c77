"""Augmentation layers for training images, with Keras's names, arguments and defaults.

A new layer type is one class here, added to `AugmentationLayer`, and one in `imaging.augmentation`.
`specs.factor_ranges` defines the meaning of a single number as a range. Lengths are fractions of the image's side,
pixels are 0-255. Where Keras 3.15 deviates from its documentation, these layers follow the documentation, and the class
mentions it.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from specs import limits
from specs.factor_ranges import Distances, FactorFromZero, Probability, Radius, SignedFactor, ZoomFactor
from specs.problem import shorten
from specs.schema import FieldError, Lax, Schema

FillMode = Literal["reflect", "constant", "nearest", "wrap"]
Interpolation = Literal["nearest", "bilinear"]
_TEN_DIGITS = tuple("0123456789")
OutlierKind = Literal["pieces", "noise", "letters", "rows", "symbols", "shapes"]
FillValue = Annotated[float, Field(ge=0, le=255)]


class AugmentationLayerSpec(Schema):
    """Base of all augmentation layers. `mixes_labels` marks layers after which an image may have several classes."""

    mixes_labels: ClassVar[bool] = False

    def check(self, height: int, width: int, classes: tuple[str, ...]) -> None:
        """Raise FieldError, with a path from the layer, if it does not fit images of this size or these classes."""


class _Warp(AugmentationLayerSpec):
    """Base of the layers that move pixels. `fill_mode` defines pixels outside the image: reflect (cba|abc|cba),
    nearest (aaa|abc|ccc), wrap (abc|abc|abc), or constant (`fill_value`)."""

    fill_mode: FillMode = "reflect"
    fill_value: FillValue = 0.0
    interpolation: Interpolation = "bilinear"


class RandomFlip(AugmentationLayerSpec):
    """Flip with probability 0.5. "horizontal_and_vertical" draws each direction separately; Keras draws once for
    both."""

    type: Literal["RandomFlip"] = "RandomFlip"
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = "horizontal_and_vertical"


class RandomRotation(_Warp):
    """`factor` is in full turns, counterclockwise: 0.1 rotates by up to 36 degrees in either direction."""

    type: Literal["RandomRotation"] = "RandomRotation"
    factor: SignedFactor


class RandomTranslation(_Warp):
    """Factors are fractions of height and width; positive is down and right."""

    type: Literal["RandomTranslation"] = "RandomTranslation"
    height_factor: SignedFactor
    width_factor: SignedFactor


class RandomZoom(_Warp):
    """Positive zooms out, negative zooms in. Without `width_factor` the aspect ratio is kept."""

    type: Literal["RandomZoom"] = "RandomZoom"
    height_factor: ZoomFactor
    width_factor: ZoomFactor | None = None


class RandomShear(_Warp):
    """Rows move by up to `x_factor` of their distance from the top, columns by up to `y_factor` of their distance from
    the left, in either direction."""

    type: Literal["RandomShear"] = "RandomShear"
    x_factor: FactorFromZero = (0.0, 0.0)
    y_factor: FactorFromZero = (0.0, 0.0)


_CropSide = Annotated[int, Field(ge=1, le=limits.IMAGE_SIDE)]


class RandomCrop(AugmentationLayerSpec):
    """Crop a window of `height` x `width` (by default the image's size) at a random position, after padding the image
    with `padding` pixels of `fill_value`. The window is resized to the image's size, which the network receives in
    validation and prediction. `padding: 4` alone is the usual recipe for CIFAR-10.
    """

    type: Literal["RandomCrop"] = "RandomCrop"
    height: _CropSide | None = None
    width: _CropSide | None = None
    padding: int = Field(default=0, ge=0, le=limits.IMAGE_SIDE)
    fill_value: FillValue = 0.0

    def check(self, height: int, width: int, classes: tuple[str, ...]) -> None:
        if self.height is None and self.width is None and self.padding == 0:
            raise FieldError(
                ("padding",),
                "RandomCrop requires `padding`, or the `height` and `width` of a window smaller than the image",
            )
        for name, length, side in (("height", self.height, height), ("width", self.width, width)):
            largest = side + 2 * self.padding
            if length is not None and length > largest:
                padded = " with padding" if self.padding else ""
                raise FieldError(
                    (name,),
                    f"`{name}` {length} exceeds the {name} of the image{padded}: {largest}; use a smaller window or "
                    "more `padding`",
                )


class RandomBrightness(AugmentationLayerSpec):
    """Add `factor` times 255: -1 gives black, 1 gives white."""

    type: Literal["RandomBrightness"] = "RandomBrightness"
    factor: SignedFactor


class RandomContrast(AugmentationLayerSpec):
    """Multiply the distance from each channel's mean by a number between 1 - down and 1 + up. One number means both,
    as Keras documents; its code uses [0, f]."""

    type: Literal["RandomContrast"] = "RandomContrast"
    factor: Distances


class RandomErasing(AugmentationLayerSpec):
    """With probability `factor`, fill a rectangle with `fill_value`, by default with noise as in Keras: normal with a
    standard deviation of 255, clipped. Each side's length is the root of a fraction drawn from `scale`. A number as
    `factor` is the probability itself, as Keras documents; its code draws from [0, f]."""

    type: Literal["RandomErasing"] = "RandomErasing"
    factor: Probability = (1.0, 1.0)
    scale: FactorFromZero = (0.02, 0.33)
    fill_value: FillValue | None = None


class GaussianPixelNoise(AugmentationLayerSpec):
    """`stddev` is a fraction of the pixel range: 0.1 is a standard deviation of 25.5 of 255, regardless of `scale`."""

    type: Literal["GaussianNoise"] = "GaussianNoise"
    stddev: float = Field(gt=0, le=1)


class RandomGaussianBlur(AugmentationLayerSpec):
    """With probability `factor`, blur the image with a Gaussian kernel of `kernel_size` pixels and a standard deviation
    drawn from `sigma`, in pixels. A number as `factor` is the probability itself; Keras documents a strength, and its
    code uses a probability drawn from [0, f]."""

    type: Literal["RandomGaussianBlur"] = "RandomGaussianBlur"
    factor: Probability = (1.0, 1.0)
    kernel_size: int = Field(default=3, ge=3, le=31)
    sigma: FactorFromZero = (0.0, 1.0)

    @field_validator("kernel_size")
    @classmethod
    def _check_odd(cls, kernel_size: int) -> int:
        if kernel_size % 2 == 0:
            raise ValueError("expected an odd number such as 3 or 5")
        return kernel_size


class RandomDilation(AugmentationLayerSpec):
    """Dilate bright areas by `radius` pixels, or erode them if it is negative: light strokes on black become thicker or
    thinner, dark strokes on white the opposite (grayscale morphology: Serra 1982)."""

    type: Literal["RandomDilation"] = "RandomDilation"
    radius: Radius


class MixUp(AugmentationLayerSpec):
    """Blend each image and its label with another of the batch, with a weight from Beta(alpha, alpha) (Zhang et al.
    2018)."""

    mixes_labels: ClassVar[bool] = True

    type: Literal["MixUp"] = "MixUp"
    alpha: float = Field(default=0.2, gt=0, le=1)


class CutMix(AugmentationLayerSpec):
    """Paste a rectangle of another image of the batch and mix the labels by its area, drawn from Beta(a, a) with a from
    `factor` (Yun et al. 2019)."""

    mixes_labels: ClassVar[bool] = True

    type: Literal["CutMix"] = "CutMix"
    factor: FactorFromZero = (0.0, 1.0)


class OutlierExposure(AugmentationLayerSpec):
    """With probability `factor`, replace an image by an outlier and its label by the uniform distribution, so that the
    network is not confident about unknown images (Hendrycks et al. 2019). `kinds` of outliers: "pieces" of other images
    of the batch, "noise", and, for digits, "letters" that do not look like digits, "rows" of several digits, "symbols"
    and scribbles, and "shapes" without strokes."""

    mixes_labels: ClassVar[bool] = True

    type: Literal["OutlierExposure"] = "OutlierExposure"
    factor: Probability = (0.1, 0.1)
    kinds: Annotated[tuple[OutlierKind, ...], Lax, Field(min_length=1, max_length=6)] = ("pieces", "noise")


class SyntheticDigits(AugmentationLayerSpec):
    """With probability `factor`, replace an image by a drawing of the same digit in a hand that MNIST has few of: a 1
    with a flag or a foot, a crossed 7, an open 4, narrow, wide or slanted, with a thin or a thick pen. For datasets
    whose classes are the ten digits."""

    mixes_labels: ClassVar[bool] = True

    type: Literal["SyntheticDigits"] = "SyntheticDigits"
    factor: Probability = (0.1, 0.1)

    def check(self, height: int, width: int, classes: tuple[str, ...]) -> None:
        if classes != _TEN_DIGITS:
            raise FieldError(
                ("type",),
                f"SyntheticDigits draws the ten digits, but the dataset has the classes {shorten(', '.join(classes))}; "
                "leave the layer out",
            )


class RandAugment(_Warp):
    """Apply `num_ops` of the fourteen operations of Cubuk et al. 2020 to each image, with a strength drawn from
    `factor` and a random sign; 1 is the maximum of the paper (rotation by 30 degrees, shear 0.3, translation 0.45).
    Keras draws once per batch, and rotates by up to 180 degrees at 0.5."""

    type: Literal["RandAugment"] = "RandAugment"
    num_ops: int = Field(default=2, ge=1, le=10)
    factor: FactorFromZero = (0.0, 0.5)


class ElasticDistortion(_Warp):
    """Move each pixel by `alpha` times a random field between -1 and 1 that is smoothed with a Gaussian of `sigma`
    pixels (Simard et al. 2003; the defaults are their values for 29x29 digits: shifts of about 1.4 pixels)."""

    type: Literal["ElasticDistortion"] = "ElasticDistortion"
    alpha: float = Field(default=34.0, gt=0, le=1000)
    sigma: float = Field(default=4.0, gt=0, le=100)


AugmentationLayer = Annotated[
    RandomFlip
    | RandomRotation
    | RandomTranslation
    | RandomZoom
    | RandomShear
    | RandomCrop
    | RandomBrightness
    | RandomContrast
    | RandomErasing
    | GaussianPixelNoise
    | RandomGaussianBlur
    | RandomDilation
    | MixUp
    | CutMix
    | OutlierExposure
    | SyntheticDigits
    | RandAugment
    | ElasticDistortion,
    Field(discriminator="type"),
]


class AugmentationSpec(Schema):
    """Augmentation of the training split. Each epoch uses every image `copies` times, each time augmented again."""

    copies: int = Field(default=1, ge=1, le=limits.COPIES)
    layers: Annotated[tuple[AugmentationLayer, ...], Lax, Field(max_length=limits.AUGMENTATION_LAYERS)]

    @field_validator("layers")
    @classmethod
    def _check_not_empty(cls, layers: tuple[AugmentationLayer, ...]) -> tuple[AugmentationLayer, ...]:
        if not layers:
            raise ValueError("expected at least one layer; set `augmentation` to null for none")
        return layers

    @property
    def mixes_labels(self) -> bool:
        return any(layer.mixes_labels for layer in self.layers)

    def check(self, input_shape: tuple[int, ...], classes: tuple[str, ...]) -> None:
        """Raise FieldError if it does not fit the `input_shape` of the network or the `classes`."""
        if len(input_shape) != 3:
            raise FieldError(
                (),
                "only images can be augmented; the samples of this dataset are not images; set `augmentation` to null",
            )
        for position, layer in enumerate(self.layers):
            try:
                layer.check(input_shape[0], input_shape[1], classes)
            except FieldError as error:
                raise error.with_prefix("layers", position) from None
