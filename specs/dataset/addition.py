"""Datasets that are added to the training split of another one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from specs.dataset.facts import Dataset, unknown_dataset
from specs.problem import format_value, shorten
from specs.schema import FieldError, Schema

_LISTED = 10


class AddedDataset(Schema):
    """All samples of a dataset, or `limit_per_class` of each class."""

    name: str = Field(description="the name of another dataset, whose classes the first one has as well")
    limit_per_class: int | None = Field(default=None, ge=1)

    def facts(self, base: Dataset, selected: Dataset, known: Mapping[str, Dataset]) -> Dataset:
        """What it adds: samples of the classes of `selected`, in their order. `base` is the whole dataset that they are
        added to. Raises FieldError."""
        added = known.get(self.name)
        if added is None:
            raise FieldError(("name",), unknown_dataset(self.name, known))
        if self.name == base.name:
            raise FieldError(("name",), f"{self.name} is the dataset that others are added to; name another one")
        if not (added.has_images and base.has_images):
            raise FieldError(("name",), f"{self.name} cannot be added to {base.name}: only images can be combined")
        added = added.pool(test=True, validation=True)
        counts = dict(zip(added.classes, added.training_counts, strict=True))
        if strange := [name for name, count in counts.items() if count and name not in base.classes]:
            listed = ", ".join(map(shorten, strange[:_LISTED]))
            verb = "is not a class" if len(strange) == 1 else "are not classes"
            raise FieldError(
                ("name",),
                f"{self.name} has samples of {listed}, which {verb} of {base.name}; classes are matched by name",
            )
        here = tuple(counts.get(name, 0) for name in selected.classes)
        if not any(here):
            raise FieldError(("name",), f"{self.name} has no samples of the classes of this experiment; leave it out")
        facts = replace(added, classes=selected.classes, training_counts=here)
        return facts if self.limit_per_class is None else facts.with_limit(self.limit_per_class)


def _from_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def reject_repeated(added: tuple[AddedDataset, ...]) -> None:
    """Raises FieldError."""
    names = [each.name for each in added]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise FieldError((index, "name"), f"{format_value(name)} is already in the list; name each dataset once")


Addition = Annotated[AddedDataset, BeforeValidator(_from_name, json_schema_input_type=str | AddedDataset)]
