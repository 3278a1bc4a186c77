"""The document of a sweep."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from specs import limits
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.problem import format_value, quantity
from specs.schema import ExperimentId, FieldError, FieldErrors, Lax, Line, Priority, Schema
from specs.spelling import did_you_mean
from specs.sweep.space import Point, Space, parse_space

Method = Literal["auto", "grid", "random", "qmc", "tpe"]
Metric = Literal["val_accuracy", "val_loss"]


class StopEarly(Schema):
    """Asynchronous successive halving (ASHA; Li et al., MLSys 2020). A trial is compared with the others after
    `first_epoch` epochs, then after `factor` times as many, and so on; it is stopped unless it is among the best
    1/`factor` of all that got so far."""

    first_epoch: int = Field(default=1, ge=1, le=limits.EPOCHS)
    factor: int = Field(default=3, ge=2, le=10)


class Repeats(Schema):
    """At the end the best `of_best` points are trained `seeds` more times each, with other seeds."""

    seeds: int = Field(default=3, ge=2, le=limits.REPEATS)
    of_best: int = Field(default=3, ge=1, le=limits.REPEATS)


class SweepSpec(Schema):
    """A search for the best spec. In `experiment`, a spec, `{"$search": ...}` may stand in place of any value:
    `{"choice": [...]}`, `{"int": [lowest, highest]}` or `{"float": [lowest, highest]}`, the latter two with
    `"log": true` or `"step": ...`.

    At most `parallel` trials wait or run at a time, `trials` in all; none starts later than after `minutes`. `priority`
    is that of the trials in the queue. `method: auto` is a grid if it has at most `trials` points, otherwise TPE.
    `start_with` are points, or parts of points, to try first: values by dotted path. With `from`, the id of another
    sweep, its results count as known. `serve: best` pins the best model at the end. `name` defaults to the name of the
    experiment.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    name: Annotated[Line, Field(max_length=limits.NAME_CHARACTERS)]
    method: Method = "auto"
    metric: Metric = "val_accuracy"
    trials: int = Field(default=20, ge=1, le=limits.TRIALS)
    parallel: int = Field(default=2, ge=1, le=limits.PARALLEL)
    minutes: float | None = Field(default=None, gt=0, le=limits.SWEEP_MINUTES)
    priority: Priority = 0
    stop_early: StopEarly | None = None
    repeats: Repeats | None = None
    start_with: Annotated[tuple[dict[str, Any], ...], Lax, Field(max_length=limits.TRIALS)] = ()
    seed: int = Field(default=0, ge=0, le=limits.SEED)
    from_sweep: ExperimentId | None = Field(default=None, alias="from", description="the id of a sweep")
    serve: Literal["best"] | None = None
    experiment: dict[str, Any] = Field(description='a spec with {"$search": ...} in place of some values')
    _space: Space | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _set_name(cls, document: Any) -> Any:
        if not isinstance(document, dict) or "name" in document:
            return document
        experiment = document.get("experiment")
        name = experiment.get("name") if isinstance(experiment, dict) else None
        return {**document, "name": name if isinstance(name, str) and name else "sweep"}

    @model_validator(mode="after")
    def _find_dimensions(self) -> Self:
        try:
            self._space = parse_space(self.experiment)
        except (FieldError, FieldErrors) as error:
            raise error.with_prefix("experiment") from None
        return self

    @model_validator(mode="after")
    def _check_beginning(self) -> Self:
        if self.experiment.get("continue_from") is not None:
            raise FieldError(
                ("experiment", "continue_from"),
                "trials of a sweep cannot continue an experiment; start from its weights with `model.weights_from`",
            )
        return self

    @model_validator(mode="after")
    def _check_grid(self) -> Self:
        if self.method != "grid":
            return self
        size = self.space.size
        if size is None:
            endless = [f"`{name}`" for name, each in self.space.dimensions.items() if each.size is None]
            raise FieldError(
                ("method",),
                f"a grid needs finitely many values: give {', '.join(endless)} a `step`, or list values as `choice`",
            )
        if size > self.trials:
            remedy = f"raise it to {size:,}, " if size <= limits.TRIALS else ""
            raise FieldError(
                ("method",),
                f"the grid has {quantity(size, 'point')}, but `trials` is {self.trials:,}; {remedy}use fewer values, "
                "or `method: tpe`, which tries some of them",
            )
        return self

    @model_validator(mode="after")
    def _check_start(self) -> Self:
        for index, point in enumerate(self.start_with):
            for name, value in point.items():
                dimension = self.space.dimensions.get(name)
                known = list(self.space.dimensions)
                if dimension is None:
                    detail = f"unknown dimension; {did_you_mean(name, known)}known here: {', '.join(known)}"
                    raise FieldError(("start_with", index, name), detail)
                if not dimension.contains(value):
                    detail = f"is outside of the search space of `{name}`, received {format_value(value)}"
                    raise FieldError(("start_with", index, name), detail)
        return self

    @property
    def space(self) -> Space:
        if self._space is None:
            raise ValueError("the sweep was not validated")
        return self._space

    @property
    def resolved_method(self) -> Literal["grid", "random", "qmc", "tpe"]:
        if self.method != "auto":
            return self.method
        size = self.space.size
        return "grid" if size is not None and size <= self.trials else "tpe"

    @property
    def maximizes(self) -> bool:
        return self.metric == "val_accuracy"

    def trial_document(self, point: Point, number: int, seed: int | None = None) -> dict[str, Any]:
        """The spec of a trial; `seed` is that of a repeat."""
        document = self.space.spec_document(point)
        suffix = f" #{number}"
        document["name"] = f"{self.name[: limits.NAME_CHARACTERS - len(suffix)]}{suffix}"
        if seed is not None:
            training = document.get("training")
            document["training"] = {**(training if isinstance(training, dict) else {}), "seed": seed}
        return document


def parse_sweep(document: Any) -> SweepSpec:
    """Raises SpecError with all problems found. Whether its points are specs is not checked: see `preflight`."""
    try:
        return SweepSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, SweepSpec)) from None
