"""What is changed at random in the images that a network learns from, with Keras's names, arguments and defaults.

A new layer type is one class here, added to `AugmentationLayer`, and one in `imaging.augmentation`. What a number in
place of a range stands for is said in `specs.factor_ranges`; lengths are shares of the image's side, and pixels are
0-255. Where Keras 3.15 does something else than its documents say, they are followed, and the class says so.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from specs import limits
from specs.factor_ranges import Distances, FactorFromZero, Probability, Radius, SignedFactor, ZoomFactor
from specs.schema import FieldError, Lax, Schema

FillMode = Literal["reflect", "constant", "nearest", "wrap"]
Interpolation = Literal["nearest", "bilinear"]
FillValue = Annotated[float, Field(ge=0, le=255)]


class AugmentationLayerSpec(Schema):
    """`mixes_labels` marks a layer after which an image may belong to two classes."""

    mixes_labels: ClassVar[bool] = False

    def check(self, height: int, width: int) -> None:
        """Raises FieldError, its path leading from the layer, where it does not fit such images."""


class _Warp(AugmentationLayerSpec):
    """Moves pixels. What comes in from outside the image is as `fill_mode` says: reflect (cba|abc|cba), nearest
    (aaa|abc|ccc), wrap (abc|abc|abc), or constant: `fill_value`."""

    fill_mode: FillMode = "reflect"
    fill_value: FillValue = 0.0
    interpolation: Interpolation = "bilinear"


class RandomFlip(AugmentationLayerSpec):
    """Each way with probability 0.5. With "horizontal_and_vertical" the two are drawn by themselves, where Keras
    draws once for both."""

    type: Literal["RandomFlip"] = "RandomFlip"
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = "horizontal_and_vertical"


class RandomRotation(_Warp):
    """`factor` is in full turns, counter-clockwise: 0.1 turns by up to 36 degrees either way."""

    type: Literal["RandomRotation"] = "RandomRotation"
    factor: SignedFactor


class RandomTranslation(_Warp):
    """Shares of height and width; positive is down, and right."""

    type: Literal["RandomTranslation"] = "RandomTranslation"
    height_factor: SignedFactor
    width_factor: SignedFactor


class RandomZoom(_Warp):
    """Positive zooms out, negative zooms in. Without `width_factor` both sides change alike."""

    type: Literal["RandomZoom"] = "RandomZoom"
    height_factor: ZoomFactor
    width_factor: ZoomFactor | None = None


class RandomShear(_Warp):
    """Rows move by up to `x_factor` of their distance from the top, columns by `y_factor` of theirs from the left, to
    either side."""

    type: Literal["RandomShear"] = "RandomShear"
    x_factor: FactorFromZero = (0.0, 0.0)
    y_factor: FactorFromZero = (0.0, 0.0)


_CropSide = Annotated[int, Field(ge=1, le=limits.IMAGE_SIDE)]


class RandomCrop(AugmentationLayerSpec):
    """A window of `height` x `width` (left out: the image's own) at a random place of the image, around which
    `padding` pixels of `fill_value` were laid first; it is enlarged to the image's size, because that is what the
    network receives in validation and prediction. `padding: 4` alone is the usual recipe for CIFAR-10.
    """

    type: Literal["RandomCrop"] = "RandomCrop"
    height: _CropSide | None = None
    width: _CropSide | None = None
    padding: int = Field(default=0, ge=0, le=limits.IMAGE_SIDE)
    fill_value: FillValue = 0.0

    def check(self, height: int, width: int) -> None:
        if self.height is None and self.width is None and self.padding == 0:
            raise FieldError(
                ("padding",), "RandomCrop needs `padding`, or `height` and `width` of a window smaller than the image"
            )
        for name, asked, side in (("height", self.height, height), ("width", self.width, width)):
            largest = side + 2 * self.padding
            if asked is not None and asked > largest:
                padded = ", padding included" if self.padding else ""
                raise FieldError(
                    (name,),
                    f"`{name}` {asked} is larger than the {name} of the image{padded}: {largest}; take a smaller "
                    "window or more `padding`",
                )


class RandomBrightness(AugmentationLayerSpec):
    """Adds `factor` times 255: -1 gives black, 1 gives white."""

    type: Literal["RandomBrightness"] = "RandomBrightness"
    factor: SignedFactor


class RandomContrast(AugmentationLayerSpec):
    """Distances from each channel's mean are multiplied by a number from 1 - down to 1 + up. One number stands for
    both, as Keras documents; its code takes it for [0, f]."""

    type: Literal["RandomContrast"] = "RandomContrast"
    factor: Distances


class RandomErasing(AugmentationLayerSpec):
    """With the probability `factor`, a rectangle is filled: with `fill_value`, or left out with noise, as Keras does:
    normal with deviation 255, clipped. Each side's length is the root of a share drawn from `scale`. A number as
    `factor` is the probability itself, as Keras documents; its code draws from [0, f]."""

    type: Literal["RandomErasing"] = "RandomErasing"
    factor: Probability = (1.0, 1.0)
    scale: FactorFromZero = (0.02, 0.33)
    fill_value: FillValue | None = None


class GaussianNoise(AugmentationLayerSpec):
    """`stddev` is a share of the range of pixels: 0.1 is a deviation of 25.5 of 255, whatever `scale` says."""

    type: Literal["GaussianNoise"] = "GaussianNoise"
    stddev: float = Field(gt=0, le=1)


class RandomGaussianBlur(AugmentationLayerSpec):
    """With the probability `factor`, an image is blurred by a Gaussian of a deviation drawn from `sigma`, in pixels,
    within `kernel_size` of them. A number as `factor` is the probability itself; Keras documents it as a strength, and
    its code uses it as a probability drawn from [0, f]."""

    type: Literal["RandomGaussianBlur"] = "RandomGaussianBlur"
    factor: Probability = (1.0, 1.0)
    kernel_size: int = Field(default=3, ge=3, le=31)
    sigma: FactorFromZero = (0.0, 1.0)

    @field_validator("kernel_size")
    @classmethod
    def _odd(cls, kernel_size: int) -> int:
        if kernel_size % 2 == 0:
            raise ValueError("expected an odd number, as 3 or 5")
        return kernel_size


class RandomDilation(AugmentationLayerSpec):
    """What is bright grows by `radius` pixels, drawn from it, and shrinks where that is below zero: light strokes on
    black become thicker and thinner, dark ones on white the other way round. (Dilation and erosion of gray images:
    Serra 1982.)"""

    type: Literal["RandomDilation"] = "RandomDilation"
    radius: Radius


class MixUp(AugmentationLayerSpec):
    """Each image and its label are mixed with another's of the batch, by a weight from Beta(alpha, alpha) (Zhang
    et al. 2018)."""

    mixes_labels: ClassVar[bool] = True

    type: Literal["MixUp"] = "MixUp"
    alpha: float = Field(default=0.2, gt=0, le=1)


class CutMix(AugmentationLayerSpec):
    """A rectangle is pasted in from another image of the batch, and the labels are mixed by its area, which is
    drawn from Beta(a, a), a from `factor` (Yun et al. 2019)."""

    mixes_labels: ClassVar[bool] = True

    type: Literal["CutMix"] = "CutMix"
    factor: FactorFromZero = (0.0, 1.0)


class OutlierExposure(AugmentationLayerSpec):
    """With the probability `factor`, an image is replaced by one of nothing that the network knows, and its label by
    all classes alike, so that the network is unsure of what it never saw (Hendrycks et al. 2019). `kinds` of such
    images: "pieces" of others of the batch, "noise", and, for networks that read digits, "letters" that look like
    none."""

    mixes_labels: ClassVar[bool] = True

    type: Literal["OutlierExposure"] = "OutlierExposure"
    factor: Probability = (0.1, 0.1)
    kinds: Annotated[tuple[Literal["pieces", "noise", "letters"], ...], Lax, Field(min_length=1, max_length=3)] = (
        "pieces",
        "noise",
    )


class RandAugment(_Warp):
    """`num_ops` of the paper's fourteen operations, drawn for each image, with a strength drawn from `factor` to
    either side: 1 is the strongest of the paper (30 degrees, a shear of 0.3, a shift of 0.45; Cubuk et al. 2020).
    Keras draws once for a batch, and turns by up to 180 degrees at 0.5."""

    type: Literal["RandAugment"] = "RandAugment"
    num_ops: int = Field(default=2, ge=1, le=10)
    factor: FactorFromZero = (0.0, 0.5)


class ElasticDistortion(_Warp):
    """Every pixel is moved by `alpha` times a random field between -1 and 1, smoothed by a Gaussian of `sigma` pixels
    (Simard et al. 2003, whose values for 29x29 digits are the defaults: shifts of about 1.4 pixels)."""

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
    | GaussianNoise
    | RandomGaussianBlur
    | RandomDilation
    | MixUp
    | CutMix
    | OutlierExposure
    | RandAugment
    | ElasticDistortion,
    Field(discriminator="type"),
]


class AugmentationSpec(Schema):
    """Of the training split alone. An epoch shows each image `copies` times, each time changed anew."""

    copies: int = Field(default=1, ge=1, le=limits.COPIES)
    layers: Annotated[tuple[AugmentationLayer, ...], Lax, Field(max_length=limits.AUGMENTATION_LAYERS)]

    @field_validator("layers")
    @classmethod
    def _not_empty(cls, layers: tuple[AugmentationLayer, ...]) -> tuple[AugmentationLayer, ...]:
        if not layers:
            raise ValueError("expected at least one layer; leave `augmentation` out for none")
        return layers

    @property
    def mixes_labels(self) -> bool:
        return any(layer.mixes_labels for layer in self.layers)

    def check(self, input_shape: tuple[int, ...]) -> None:
        """Raises FieldError where it does not fit what the network receives."""
        if len(input_shape) != 3:
            raise FieldError(
                (), "images can be augmented, but the samples of this dataset are none; leave `augmentation` out"
            )
        for position, layer in enumerate(self.layers):
            try:
                layer.check(*input_shape[:2])
            except FieldError as error:
                raise error.with_prefix("layers", position) from None
