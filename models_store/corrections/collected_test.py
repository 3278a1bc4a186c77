"""Which corrections are samples of an official test split."""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple, Self

from models_store.corrections.correction import correction_ids, sample_number
from models_store.datasets.folders import DatasetFolders
from models_store.datasets.images import StoredImages
from models_store.errors import NotFound
from models_store.visibility import seeing_everything
from specs.dataset import CORRECTIONS_SUFFIX, DATASETS
from specs.splits import SOURCE_SPLITS

_TEST = SOURCE_SPLITS.index("test")


class CollectedTest(NamedTuple):
    """What the dataset that is collected for another one has of its test split: so many samples. `begun` is the id of
    its record, None if there is none, or it is damaged."""

    name: str
    begun: str | None
    samples: int

    @classmethod
    def of(cls, datasets: DatasetFolders, name: str) -> Self:
        """Raises Damaged if the images of the dataset are."""
        collected, begun, ids = name + CORRECTIONS_SUFFIX, None, list[str]()
        with seeing_everything(), suppress(NotFound):
            begun = datasets.get(collected).id or None
            ids = correction_ids(datasets.folder(collected))
        return cls(collected, begun, len(of_test(datasets, name, ids)))

    def may_have_taught(self, experiment_id: str) -> bool:
        """Samples of the test split, if the experiment was trained on it. What is collected stays, until all is deleted
        and begun again."""
        return self.samples > 0 or self.begun is None or experiment_id < self.begun


def of_test(datasets: DatasetFolders, name: str, correction_ids: Iterable[str]) -> list[str]:
    """The corrections of samples of the official test split of dataset `name`. Raises NotFound, Damaged."""
    numbers = {each: number for each in correction_ids if (number := sample_number(each)) is not None}
    if not numbers:
        return []
    facts = DATASETS.get(name)
    if facts is not None:
        return [each for each, number in numbers.items() if number >= facts.training_samples]
    splits = StoredImages(datasets.folder(name)).splits
    return [each for each, number in numbers.items() if number < len(splits) and splits[number] == _TEST]
