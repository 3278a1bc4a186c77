"""What experiments have learnt from."""

import re
from typing import Self

from models_store.experiments.record import Record
from models_store.frozen import Frozen

_IDS = re.compile(rb'"([0-9A-Z]{26})"')


class Learnt(Frozen):
    """What an experiment has learnt from: `parents` whose weights it has, and the official test splits of datasets, for
    it holds out other samples for the test, or adds them to another dataset."""

    id: str
    parents: tuple[str, ...]
    test_splits: tuple[str, ...]

    @classmethod
    def of(cls, record: Record) -> Self:
        spec, dataset = record.spec, record.spec.dataset
        own = () if dataset.split.test == "official" else (record.dataset,)
        parents = tuple(filter(None, (spec.model.weights_from, spec.continue_from)))
        return cls(id=record.id, parents=parents, test_splits=(*own, *dataset.added_names))

    @classmethod
    def of_newer(cls, experiment_id: str, document: bytes, *datasets: str) -> Self:
        """Of all experiments, and of these datasets, that the JSON of a newer record names: which it has learnt from is
        not known."""
        parents = {found.decode() for found in _IDS.findall(document)} - {experiment_id}
        named = tuple(each for each in datasets if f'"{each}"'.encode() in document)
        return cls(id=experiment_id, parents=tuple(sorted(parents)), test_splits=named)
