"""The document that a request's body stands for: itself, or what a merge patch makes of another experiment's spec."""

from typing import Any, Literal

import orjson

from models_store.errors import NotFound
from models_store.experiments.store import ExperimentStore
from specs import document
from specs.errors import SpecError
from specs.merge_patch import merge_patch
from specs.problem import Problem, received_value

Syntax = document.Syntax | Literal["merge-patch"]


def posted_document(body: bytes, syntax: Syntax | None, experiments: ExperimentStore) -> dict[str, Any]:
    """Raises DocumentError for what is no document or above a cap, and SpecError where a merge patch (RFC 7396) does
    not say by `based_on` what it changes.

    A patch takes over what it does not name: tags, notes and the name, too.
    """
    if syntax != "merge-patch":
        return document.parse_document(body, syntax)
    patch = document.parse_document(body, "json")
    # Read again, so that the caps hold for what it has become: patches can be put on each other without end.
    return document.parse_document(orjson.dumps(merge_patch(_base(patch.get("based_on"), experiments), patch)), "json")


def _base(based_on: Any, experiments: ExperimentStore) -> dict[str, Any]:
    if not isinstance(based_on, str):
        said = "is missing" if based_on is None else "is no text"
        raise _rejected(
            f"`based_on` {said}: a merge patch needs the id of the experiment whose spec it changes", based_on
        )
    try:
        record = experiments.get(based_on)
    except NotFound as error:
        raise _rejected(f"{error}; GET /experiments lists those whose spec can be changed", based_on) from None
    if not record.spec:
        raise _rejected("its record is damaged, so that there is no spec to change; take another experiment", based_on)
    return record.spec.document


def _rejected(detail: str, received: Any) -> SpecError:
    return SpecError([Problem(pointer="/based_on", detail=detail, received=received_value(received))])
