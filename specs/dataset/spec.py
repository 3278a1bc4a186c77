"""The `dataset` of an experiment: name, classes, limit per class, and split."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Self, cast

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from specs import limits
from specs.dataset.addition import Addition, reject_repeated
from specs.dataset.blobs import BlobsSpec
from specs.dataset.built_in import DATASETS
from specs.dataset.facts import Dataset, unknown_dataset
from specs.dataset.selection import class_names
from specs.dataset.split import SplitSizes, SplitSpec
from specs.schema import FieldError, Lax, Schema


class DatasetSpec(Schema):
    """The samples of an experiment.

    `classes`, by name or by index from 0, restricts the dataset to these classes, in this order. `limit_per_class`
    bounds the samples to be split; official splits stay complete. `blobs` are options of the dataset of that
    name only. `add` names further datasets, such as corrections, whose samples join the training split; validation and
    test split, and the dataset that the network serves, stay those of the first.

    The validation context is `{"datasets": {name: Dataset}}`; by default only the built-in datasets exist.
    """

    name: str = Field(default="digits", description=f"{', '.join(DATASETS)}, or the name of an uploaded dataset")
    blobs: BlobsSpec | None = None
    classes: Annotated[tuple[str, ...], Lax] | None = None
    limit_per_class: int | None = Field(default=None, ge=1)
    split: SplitSpec = Field(default_factory=SplitSpec)
    add: Annotated[tuple[Addition, ...], Lax, Field(max_length=limits.ADDED_DATASETS)] = ()
    _source: Dataset = PrivateAttr()
    _added: tuple[Dataset, ...] = PrivateAttr()
    _facts: Dataset = PrivateAttr()
    _unlimited: Dataset = PrivateAttr()

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str, info: ValidationInfo) -> str:
        known = _datasets(info)
        if name not in known:
            raise FieldError((), unknown_dataset(name, known))
        return name

    @field_validator("blobs")
    @classmethod
    def _check_blobs(cls, blobs: BlobsSpec | None, info: ValidationInfo) -> BlobsSpec | None:
        name = info.data.get("name", "blobs")
        if name == "blobs":
            return blobs or BlobsSpec()
        if blobs is not None:
            raise FieldError(
                (), f"these are options of the dataset blobs, but the dataset is {name}; set `blobs` to null"
            )
        return None

    @field_validator("classes", mode="before", json_schema_input_type=list[str | int] | None)
    @classmethod
    def _resolve_classes(cls, value: Any, info: ValidationInfo) -> Any:
        source = _source_of(info)
        if not isinstance(value, list | tuple):
            return value
        # An unknown dataset has been rejected already.
        return class_names(value, source) if source else tuple(map(str, value))

    @field_validator("split")
    @classmethod
    def _complete_split(cls, split: SplitSpec, info: ValidationInfo) -> SplitSpec:
        source, classes = _source_of(info), info.data.get("classes")
        if source is None:
            return split
        return split.complete_for(source.with_classes(classes) if classes else source)

    @model_validator(mode="after")
    def _set_facts(self, info: ValidationInfo) -> Self:
        source = self.blobs.facts() if self.blobs else _datasets(info)[self.name]
        facts = source.with_classes(self.classes) if self.classes else source
        facts = facts.pool(test=self.split.test != "official", validation=self.split.validation != "official")
        self._source, self._unlimited = source, facts
        self._facts = facts = facts if self.limit_per_class is None else facts.with_limit(self.limit_per_class)
        try:
            # pydantic returns the instance itself, so that a frozen one is completed in place.
            self.__dict__["split"] = self.split.fit_to(facts, self._larger())
        except FieldError as error:
            raise error.with_prefix("split") from None
        self._added = self._facts_of_added(_datasets(info))
        return self

    def _larger(self) -> Iterator[tuple[str, Dataset]]:
        """What was set that bounds the samples, raised step by step: in words, and the facts that follow."""
        if self.limit_per_class is not None:
            limit, largest = self.limit_per_class, max(self._unlimited.training_counts, default=0)
            while limit < largest:
                limit = min(2 * limit, largest)
                yield f"raise limit_per_class to {limit}", self._unlimited.with_limit(limit)
        elif self.blobs:
            samples = self.blobs.n_samples
            while samples < limits.BLOBS:
                samples = min(2 * samples, limits.BLOBS)
                facts = self.blobs.model_copy(update={"n_samples": samples}).facts()
                more = facts.with_classes(self.classes) if self.classes else facts
                yield f"raise blobs.n_samples to {samples}", more

    def more_samples(self, names: Collection[str]) -> str | None:
        """What gives these classes more samples to split, in words; None if nothing does."""
        counts = dict(zip(self._unlimited.classes, self._unlimited.training_counts, strict=True))
        if self.limit_per_class is not None and any(counts[name] > self.limit_per_class for name in names):
            return "raise limit_per_class"
        if self.blobs:
            return "raise blobs.n_samples"
        return None if self.name in DATASETS else "add samples"

    def _facts_of_added(self, known: Mapping[str, Dataset]) -> tuple[Dataset, ...]:
        try:
            reject_repeated(self.add)
        except FieldError as error:
            raise error.with_prefix("add") from None
        found = []
        for index, each in enumerate(self.add):
            try:
                found.append(each.facts(self._source, self._facts, known))
            except FieldError as error:
                raise error.with_prefix("add", index) from None
        return tuple(found)

    @property
    def source(self) -> Dataset:
        """The whole dataset, without selection and limits."""
        return self._source

    @property
    def facts(self) -> Dataset:
        """The dataset of the experiment: the selected classes and samples."""
        return self._facts

    @property
    def ranks(self) -> tuple[int, ...]:
        """Of the selected classes, in the dataset's own order. Random draws go by them, so that the same classes in
        another order have the same samples in each split."""
        own = sorted(self.facts.classes, key=self.source.classes.index)
        return tuple(map(own.index, self.facts.classes))

    @property
    def added(self) -> tuple[Dataset, ...]:
        """What each of `add` adds: the classes of the experiment, and the samples of each that are added."""
        return self._added

    @property
    def names(self) -> tuple[str, ...]:
        """Of all its datasets, the one that the network serves first."""
        return self.name, *(each.name for each in self.add)

    def split_sizes(self) -> SplitSizes:
        """The sizes of the splits, exactly as the trainer makes them."""
        sizes = self.split.sizes(self.facts)
        return replace(sizes, training=sizes.training + sum(each.training_samples for each in self.added))


def _datasets(info: ValidationInfo) -> Mapping[str, Dataset]:
    return cast(Mapping[str, Dataset], (info.context or {}).get("datasets", DATASETS))


def _source_of(info: ValidationInfo) -> Dataset | None:
    """The dataset; None if its name or options have been rejected."""
    name, blobs = info.data.get("name"), info.data.get("blobs")
    if name is None or "blobs" not in info.data:
        return None
    return blobs.facts() if blobs else _datasets(info)[name]
