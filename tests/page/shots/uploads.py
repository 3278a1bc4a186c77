"""Uploads for the screenshots: one hundred classes, two classes with Korean names, and an archive that is rejected."""

import colorsys

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.support.archives import zip_of
from tests.support.image_files import encoded

_CIFAR_100 = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster
man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck
pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
HUNDRED = tuple(_CIFAR_100.split())
TWO = ("호랑나비", "배추흰나비 (암컷과 수컷)")


def shape_image(kind: int, kinds: int, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """A colored figure on a plain background, both drawn with some noise; hue and form are of the class `kind`."""
    width, height = size
    hue = (kind / kinds + random.normal(0, 0.01)) % 1
    image = Image.new("RGB", size, _rgb((hue + 0.5) % 1, 0.25, 0.9))
    draw = ImageDraw.Draw(image)
    x, y = (side * random.uniform(0.4, 0.6) for side in size)
    radius = min(size) * random.uniform(0.25, 0.38)
    draw.regular_polygon((x, y, radius), 3 + kind % 6, rotation=int(random.integers(360)), fill=_rgb(hue, 0.8, 0.8))
    noise: NDArray[np.float64] = random.normal(0, 9, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue


def shape_archive(classes: tuple[str, ...], size: tuple[int, int], train: int, test: int) -> bytes:
    """A zip with `train` and `test` images of each class, in folders of these names."""
    random = np.random.default_rng(0)
    return zip_of(
        {
            f"{split}/{label}/{number:04}.png": encoded(shape_image(kind, len(classes), size, random))
            for split, count in (("train", train), ("test", test))
            for kind, label in enumerate(classes)
            for number in range(count)
        }
    )
