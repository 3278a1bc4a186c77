"""The spec in a request's body: a document, or a merge patch of another experiment's spec."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal

import orjson

from models_store.errors import NotFound, StoreError
from models_store.experiments.store import ExperimentStore
from models_store.store import Store
from specs import document
from specs.derived_name import derived_name
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.merge_patch import merge_patch
from specs.problem import Problem, received_value

Syntax = document.Syntax | Literal["merge-patch"]


def parse_posted_spec(body: bytes, syntax: Syntax | None, store: Store) -> ExperimentSpec:
    """Raises DocumentError, SpecError, and InvalidState for a dataset that is still being converted."""
    posted = store.continuations.document(posted_document(body, syntax, store.experiments))
    try:
        return _with_name(parse_ready_spec(posted, store), posted, store.experiments)
    except SpecError as error:
        if syntax == "merge-patch" or not _looks_like_patch(posted):
            raise
        raise SpecError([_patch_hint(posted["based_on"]), *error.problems]) from None


def parse_ready_spec(document: dict[str, Any], store: Store) -> ExperimentSpec:
    """Raises SpecError, also if it would train on a sealed test split, and InvalidState for a dataset that is still
    being converted."""
    for name in _dataset_names(document.get("dataset")):
        store.datasets.reject_unready(name)
    spec = parse_spec(document, store.known_datasets())
    store.experiments.holdout.check_spec(spec)
    return spec


def _with_name(spec: ExperimentSpec, posted: dict[str, Any], experiments: ExperimentStore) -> ExperimentSpec:
    """One without a name of its own is called by what it changes in the experiment that it is made from."""
    source = spec.continue_from or spec.based_on
    if "name" in posted or source is None:
        return spec
    with suppress(StoreError):  # it need not exist any more
        base = experiments.get(source)
        return spec.model_copy(update={"name": derived_name(base.name, base.spec.document, spec.document())})
    return spec


def _dataset_names(dataset: Any) -> Iterator[str]:
    """Those that can be read from a `dataset` that has not been validated."""
    if not isinstance(dataset, dict):
        return
    added = dataset.get("add")
    for each in (dataset, *(added if isinstance(added, list) else ())):
        name = each.get("name") if isinstance(each, dict) else each
        if isinstance(name, str):
            yield name


def _looks_like_patch(posted: dict[str, Any]) -> bool:
    return isinstance(posted.get("based_on"), str) and not {"dataset", "model"} <= posted.keys()


def _patch_hint(based_on: str) -> Problem:
    return Problem(
        pointer="/based_on",
        detail="a change to the spec of that experiment is sent with Content-Type: application/merge-patch+json",
        received=received_value(based_on),
    )


def parse_posted_document(body: bytes, syntax: Syntax | None, example: str) -> dict[str, Any]:
    """A document that is not a spec, such as `example`; it has no base to patch. Raises DocumentError."""
    return document.parse_document(body, None if syntax == "merge-patch" else syntax, example)


def posted_document(body: bytes, syntax: Syntax | None, experiments: ExperimentStore) -> dict[str, Any]:
    """Raises DocumentError, also for a document above the limits, and SpecError for a merge patch (RFC 7396) without a
    base, which `based_on` names.

    A patch keeps what it does not name, even tags and notes, but not the name, nor `continue_from`: a change is trained
    from the beginning.
    """
    if syntax != "merge-patch":
        return document.parse_document(body, syntax)
    patch = document.parse_document(body, "json")
    # Parsed again, so that the limits hold for the result: patches can be stacked without end.
    return document.parse_document(orjson.dumps(merge_patch(_base(patch.get("based_on"), experiments), patch)), "json")


def _base(based_on: Any, experiments: ExperimentStore) -> dict[str, Any]:
    if not isinstance(based_on, str):
        said = "is missing" if based_on is None else "is not text"
        raise _rejection(
            f"`based_on` {said}: a merge patch needs the id of the experiment whose spec it changes", based_on
        )
    try:
        record = experiments.get(based_on)
    except NotFound as error:
        raise _rejection(f"{error}; GET /experiments lists those whose spec can be changed", based_on) from None
    if not record.spec:
        raise _rejection("its record is damaged and its spec lost; choose another experiment", based_on)
    return {name: value for name, value in record.spec.document.items() if name not in ("name", "continue_from")}


def _rejection(detail: str, received: Any) -> SpecError:
    return SpecError([Problem(pointer="/based_on", detail=detail, received=received_value(received))])
