"""Whether an experiment that was run again gave the same result, and if not, what differed."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from analysis.comparison.pairing import NotComparable, pair_samples
from analysis.comparison.results import read_results
from analysis.comparison.sentences import verdict
from analysis.comparison.significance import difference_interval, mcnemar
from models_store.errors import InvalidState, NotFound
from models_store.experiments.provenance import Provenance, read_provenance
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from specs.splits import SplitName

_SIGNIFICANT = 0.05
_SHORT = 12  # characters of a digest

Outcome = Literal["identical", "within_noise", "different"]


class Reproduction(BaseModel):
    """`outcome`: identical, if the published weights are the same to the bit; within_noise, if the accuracies on the
    test split, or on the validation split while that is hidden, differ by no more than chance does (McNemar, p of at
    least 0.05); else different. `summary` says so in a sentence. `differences` are what `again` was computed with and
    from other than `original`; where there are none and the outcome is not identical, `advice` is the reason."""

    original: str
    again: str
    outcome: Outcome
    summary: str
    differences: list[str]
    advice: str | None


def check_reproducible(record: Record) -> None:
    """Raises InvalidState unless it has a result to compare with."""
    if record.status is not Status.SUCCEEDED:
        raise InvalidState(
            f"experiment {record.id} is {record.status}; only a succeeded one has a result that can be reproduced"
        )


def read_reproduction(experiment_id: str, experiments: ExperimentStore) -> Reproduction:
    """Raises NotFound if it reproduces no other one, InvalidState before it has succeeded, Damaged."""
    again = experiments.get(experiment_id)
    if again.reproduces is None:
        raise NotFound(
            f"experiment {experiment_id} reproduces no other one; "
            f"POST /experiments/{experiment_id}:reproduce runs it again"
        )
    check_reproducible(again)
    original = experiments.get(again.reproduces)
    first, second = _provenance(original, experiments), _provenance(again, experiments)
    outcome, summary = _judge(original, again, first, second, experiments)
    differences = list(_differences(first, second)) if first and second else []
    return Reproduction(
        original=original.id,
        again=again.id,
        outcome=outcome,
        summary=summary,
        differences=differences,
        advice=None if outcome == "identical" or differences else _advice(original, known=bool(first and second)),
    )


def _provenance(record: Record, experiments: ExperimentStore) -> Provenance | None:
    """None for a result of an older version."""
    try:
        return read_provenance(experiments.artifacts(record.id))
    except NotFound:
        return None


def _judge(
    original: Record, again: Record, first: Provenance | None, second: Provenance | None, experiments: ExperimentStore
) -> tuple[Outcome, str]:
    if first and second and first.weights_sha256 == second.weights_sha256:
        return "identical", f"The published weights are the same to the bit: sha256 {first.weights_sha256[:_SHORT]}."
    split: SplitName = "validation" if original.test_hidden or again.test_hidden else "test"
    base, other = read_results([original.id, again.id], experiments, split)
    try:
        pairing = pair_samples(base, other, split)
    except NotComparable as error:
        return "different", f"The {split} splits are not the same: {error}"
    fixed, regressed = len(pairing.fixed), len(pairing.regressed)
    samples = base.samples
    p = mcnemar(fixed, regressed)
    said = verdict(base.name, other.name, fixed, regressed, samples, difference_interval(fixed, regressed, samples), p)
    return "within_noise" if p >= _SIGNIFICANT else "different", f"The weights differ; {said}."


def _differences(first: Provenance, second: Provenance) -> Iterator[str]:
    for name in sorted({*first.versions, *second.versions}):
        yield from _difference(name, first.versions.get(name, "none"), second.versions.get(name, "none"))
    yield from _difference("device", first.device, second.device)
    yield from _difference("threads", first.threads, second.threads)
    yield from _difference("precision", first.precision, second.precision)
    yield from _difference("seed", first.seed, second.seed)
    for split in first.data_sha256:
        one, other = first.data_sha256[split], second.data_sha256.get(split, "none")
        yield from _difference(f"{split} split, sha256", one[:_SHORT], other[:_SHORT])
    yield from _difference("spec, sha256", first.spec_sha256[:_SHORT], second.spec_sha256[:_SHORT])


def _difference(name: str, first: object, second: object) -> Iterator[str]:
    if first != second:
        yield f"{name}: {first} -> {second}"


def _advice(original: Record, *, known: bool) -> str:
    if not known:
        return "What the original was computed with is unknown: its version of Trainyard did not record it."
    if original.spec.training.deterministic:
        return "Nothing that is recorded differs, and the operations were deterministic: please report this."
    return (
        "Nothing that is recorded differs. Operations may add in another order each time; with "
        "training.deterministic they do not, at some cost of speed."
    )
