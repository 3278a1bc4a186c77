"""Experiments: submit, list, follow, compare, cancel, delete."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

from trainyard.answers.base import ItemList
from trainyard.answers.comparisons import Comparison, Lineage
from trainyard.answers.diagnosis import Finding
from trainyard.answers.experiments import Experiment, ExperimentPage, History
from trainyard.answers.specs import Preset, Validation
from trainyard.operations.operation import Operation, read_as, read_nothing, read_text, segment

Spec = Mapping[str, Any] | str | bytes | Path
_MERGE_PATCH = "application/merge-patch+json"
_JSON = "application/json"
_UNKNOWN = "application/octet-stream"  # JSON or YAML: the API finds out


class Filters(TypedDict, total=False):
    """Which experiments: `name` is a part of it; `sort` is `created_at` or `val_accuracy`, descending with `-`."""

    status: str | None
    dataset: str | None
    tag: str | None
    name: str | None
    sort: str | None


def submit(spec: Spec, idempotency_key: str | None = None) -> Operation[Experiment]:
    """Queue an experiment. `spec` is a mapping, JSON or YAML text, or the path of a file.

    The same `idempotency_key` and spec return the same experiment, so that a call can be repeated safely.
    """
    content, media_type = _encode_spec(spec)
    headers = {"Content-Type": media_type}
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    return Operation("POST", "/experiments", read_as(Experiment), content=content, headers=headers)


def submit_change(patch: Mapping[str, Any]) -> Operation[Experiment]:
    """Queue the experiment that a JSON merge patch (RFC 7396) makes of the one it is `based_on`."""
    headers = {"Content-Type": _MERGE_PATCH}
    content = json.dumps(patch).encode()
    return Operation("POST", "/experiments", read_as(Experiment), content=content, headers=headers)


def validate(spec: Spec) -> Operation[Validation]:
    """Check a spec without queueing it. Raises Invalid, whose `errors` point at what is wrong."""
    content, media_type = _encode_spec(spec)
    headers = {"Content-Type": media_type}
    return Operation("POST", "/experiments:validate", read_as(Validation), content=content, headers=headers)


def page(limit: int | None = None, cursor: str | None = None, **filters: Unpack[Filters]) -> Operation[ExperimentPage]:
    """One page of experiments, newest first unless `sort` says otherwise; `runs` iterates over all pages."""
    params = {**filters, "limit": limit, "cursor": cursor}
    return Operation("GET", "/experiments", read_as(ExperimentPage), params)


def get(experiment_id: str) -> Operation[Experiment]:
    """The record of an experiment."""
    return Operation("GET", path_of(experiment_id), read_as(Experiment))


def history(experiment_id: str, since: int | None = None) -> Operation[History]:
    """Metrics by epoch, also while it runs; with `since`, only the epochs after that one."""
    return Operation("GET", f"{path_of(experiment_id)}/history", read_as(History), {"since": since})


def history_csv(experiment_id: str, since: int | None = None) -> Operation[str]:
    """Metrics by epoch as CSV."""
    path, headers = f"{path_of(experiment_id)}/history", {"Accept": "text/csv"}
    return Operation("GET", path, read_text, {"since": since}, headers)


def diagnosis(experiment_id: str) -> Operation[ItemList[Finding]]:
    """What history and evaluation show, most important first; a `suggestion.patch` is for `submit_change`."""
    return Operation("GET", f"{path_of(experiment_id)}/diagnosis", read_as(ItemList[Finding]))


def compare(*experiment_ids: str, split: str = "test", limit: int | None = None) -> Operation[Comparison]:
    """The first of two to eight experiments beside each other one: specs, metrics, flipped samples (at most `limit`
    listed each way), and whether the difference can be chance."""
    params = {"ids": ",".join(experiment_ids), "split": split, "limit": limit}
    return Operation("GET", "/compare", read_as(Comparison), params)


def lineage(experiment_id: str) -> Operation[Lineage]:
    """The experiments that it is based on, oldest first, with what each changed and gained."""
    return Operation("GET", f"{path_of(experiment_id)}/lineage", read_as(Lineage))


def cancel(experiment_id: str) -> Operation[Experiment]:
    """Cancel: at once if it waits, after the current batch if it runs. Its history and checkpoint stay."""
    return Operation("POST", f"{path_of(experiment_id)}:cancel", read_as(Experiment))


def delete(experiment_id: str, force: bool = False) -> Operation[None]:
    """Delete it with its files; with `force`, even if its model serves."""
    return Operation("DELETE", path_of(experiment_id), read_nothing, {"force": force})


def presets() -> Operation[ItemList[Preset]]:
    """Experiments to start from."""
    return Operation("GET", "/presets", read_as(ItemList[Preset]))


def path_of(experiment_id: str) -> str:
    return f"/experiments/{segment(experiment_id)}"


def _encode_spec(spec: Spec) -> tuple[bytes, str]:
    """The body and its media type."""
    if isinstance(spec, Mapping):
        return json.dumps(spec).encode(), _JSON
    if isinstance(spec, Path):
        return spec.read_bytes(), _UNKNOWN
    return spec.encode() if isinstance(spec, str) else spec, _UNKNOWN
