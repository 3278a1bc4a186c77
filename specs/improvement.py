"""Fine-tuning of the model that serves a dataset, with samples that were collected since."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from specs import limits
from specs.dataset import DATASETS, Dataset
from specs.dataset.addition import Addition
from specs.derived_name import improved_name
from specs.errors import SpecError
from specs.experiment import parse_spec
from specs.explanation import problems_of
from specs.problem import Problem
from specs.schema import Lax, Schema

Promote = Literal["automatic", "on_approval"]

# What a trained network knows is kept by small steps, and few of them.
_RATE = 0.1
_SHARE_OF_EPOCHS = 0.2
_MIN_EPOCHS = 3
_POINTERS = {
    "/dataset/add": "add",
    "/training/epochs": "epochs",
    "/training/optimizer/learning_rate": "learning_rate",
}


class ImprovementSpec(Schema):
    """How the model that serves a dataset is fine-tuned, and what follows.

    `add` are the datasets that join the training split, by default those that the model was trained on and the
    corrections of the dataset. `epochs` are by default a fifth of the model's own, at least three; `learning_rate` a
    tenth of its highest. `promote` says whether the result serves by itself, unless it is worse than what serves then
    on the same test samples, or waits for approval; by default by itself, if the key may choose what serves.
    """

    add: Annotated[tuple[Addition, ...], Lax, Field(min_length=1, max_length=limits.ADDED_DATASETS)] | None = None
    epochs: int | None = Field(default=None, ge=1, le=limits.EPOCHS)
    learning_rate: float | None = Field(default=None, gt=0, le=limits.LEARNING_RATE)
    promote: Promote | None = None

    def document(
        self, stored: Mapping[str, Any], source_id: str, corrections: str, known: Mapping[str, Dataset]
    ) -> dict[str, Any]:
        """The document of the experiment that fine-tunes the one of the id `source_id`, which has the document
        `stored`: other samples, weights, epochs and learning rate, and all else as it was. What that added and is no
        longer `known` is left out. Raises SpecError if it is no longer valid, or has no place for the corrections."""
        dataset = stored.get("dataset") or {}
        before = [each for each in dataset.get("add") or () if each["name"] in known]
        source = parse_spec({**stored, "dataset": {**dataset, "add": before}}, known)
        spec = source.document()
        added = [each.model_dump(mode="json") for each in self.add or ()]
        if not added:
            others = [each for each in spec["dataset"]["add"] if each["name"] != corrections]
            _reject_full(others, corrections)
            added = [*others, {"name": corrections, "limit_per_class": None}]
        training = spec["training"]
        epochs = min(training["epochs"], max(_MIN_EPOCHS, math.ceil(training["epochs"] * _SHARE_OF_EPOCHS)))
        rate = self.learning_rate or source.training.optimizer.peak_learning_rate * _RATE
        return {
            **spec,
            "name": improved_name(spec["name"]),
            "based_on": source_id,
            "continue_from": None,
            "dataset": {**spec["dataset"], "add": added},
            "model": {**spec["model"], "weights_from": source_id},
            "training": {
                **training,
                "optimizer": {**training["optimizer"], "learning_rate": rate},
                "epochs": self.epochs or epochs,
            },
        }


def _reject_full(others: list[dict[str, Any]], corrections: str) -> None:
    """Raises SpecError."""
    if len(others) < limits.ADDED_DATASETS:
        return
    names = ", ".join(each["name"] for each in others)
    detail = (
        f"the model was trained on {len(others)} added datasets ({names}), as many as can be added, and {corrections} "
        f'would be one more; name those that are to be added: {{"add": ["{corrections}", ...]}}'
    )
    raise SpecError([Problem(pointer="/add", detail=detail)])


@contextmanager
def pointing_at_wishes(wanted: ImprovementSpec) -> Iterator[None]:
    """Within the block a SpecError of the experiment points at what was `wanted`, where that is the cause."""
    try:
        yield
    except SpecError as error:
        given = {pointer: name for pointer, name in _POINTERS.items() if getattr(wanted, name) is not None}
        raise SpecError([_moved(each, given) for each in error.problems]) from None


def _moved(problem: Problem, given: Mapping[str, str]) -> Problem:
    for pointer, name in given.items():
        if problem.pointer.startswith(pointer):
            return problem.model_copy(update={"pointer": f"/{name}{problem.pointer.removeprefix(pointer)}"})
    return problem


def parse_improvement(document: Any, known: Mapping[str, Dataset] = DATASETS) -> ImprovementSpec:
    """Raises SpecError with all problems found."""
    try:
        return ImprovementSpec.model_validate(document, context={"datasets": known})
    except ValidationError as error:
        raise SpecError(problems_of(error, document, ImprovementSpec)) from None
