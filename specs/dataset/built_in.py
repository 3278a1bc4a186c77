"""The built-in datasets, with their published shapes, classes and sample counts."""

from collections.abc import Mapping
from types import MappingProxyType

from specs.dataset.blobs import BlobsSpec
from specs.dataset.facts import Dataset

_DIGITS = tuple("0123456789")
_FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR100 = tuple(  # a list would take one line per class
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
    maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
    plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper
    snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train
    trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split()  # noqa: SIM905
)
_OPTDIGITS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
_MNIST_TRAINING = (5_923, 6_742, 5_958, 6_131, 5_842, 5_421, 5_918, 6_265, 5_851, 5_949)
_MNIST_TEST = (980, 1_135, 1_032, 1_010, 982, 892, 958, 1_028, 974, 1_009)

DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        dataset.name: dataset
        for dataset in (
            Dataset("digits", (8, 8, 1), _DIGITS, _OPTDIGITS, digit_form="filling", published_max=16),
            Dataset("mnist", (28, 28, 1), _DIGITS, _MNIST_TRAINING, _MNIST_TEST, digit_form="centered"),
            Dataset("fashion_mnist", (28, 28, 1), _FASHION, (6_000,) * 10, (1_000,) * 10),
            Dataset("cifar10", (32, 32, 3), _CIFAR10, (5_000,) * 10, (1_000,) * 10),
            Dataset("cifar100", (32, 32, 3), _CIFAR100, (500,) * 100, (100,) * 100),
            BlobsSpec().facts(),
        )
    }
)
