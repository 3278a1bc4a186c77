"""Sweeps: start, list, show, change, cancel, delete."""

import json
from collections.abc import Mapping
from typing import Any

from trainyard.answers.base import ItemList
from trainyard.answers.sweeps import Sweep, SweepPlan, SweepSummary
from trainyard.operations.experiments import Spec, encode_spec, posted
from trainyard.operations.operation import Operation, read_as, read_nothing, read_text, segment

_MERGE_PATCH = "application/merge-patch+json"


def start_sweep(spec: Spec, idempotency_key: str | None = None, private: bool | None = None) -> Operation[Sweep]:
    """Search for the best spec. `spec` is a mapping, JSON or YAML text, or the path of a file: docs/sweeps.md. The same
    `idempotency_key` and spec return the same sweep."""
    content, headers = posted(spec, idempotency_key)
    return Operation("POST", "/sweeps", read_as(Sweep), {"private": private}, content=content, headers=headers)


def plan_sweep(spec: Spec) -> Operation[SweepPlan]:
    """Check a sweep without starting it. Raises Invalid, whose `errors` point at what is wrong."""
    content, media_type = encode_spec(spec)
    headers = {"Content-Type": media_type}
    return Operation("POST", "/sweeps", read_as(SweepPlan), {"dry_run": True}, content=content, headers=headers)


def sweeps() -> Operation[ItemList[SweepSummary]]:
    """All sweeps, newest first."""
    return Operation("GET", "/sweeps", read_as(ItemList[SweepSummary]))


def sweep(sweep_id: str) -> Operation[Sweep]:
    """A sweep with its trials."""
    return Operation("GET", _path_of(sweep_id), read_as(Sweep))


def trials_csv(sweep_id: str) -> Operation[str]:
    """The table of trials as CSV."""
    return Operation("GET", f"{_path_of(sweep_id)}/trials.csv", read_text)


def edit_sweep(sweep_id: str, patch: Mapping[str, Any]) -> Operation[Sweep]:
    """Change `trials`, `minutes`, `parallel`, `priority`, `paused` or `private`. A sweep that has succeeded continues
    if it may start more trials."""
    headers, content = {"Content-Type": _MERGE_PATCH}, json.dumps(patch).encode()
    return Operation("PATCH", _path_of(sweep_id), read_as(Sweep), content=content, headers=headers)


def cancel_sweep(sweep_id: str) -> Operation[Sweep]:
    """Cancel it with its trials; what has been trained is kept."""
    return Operation("POST", f"{_path_of(sweep_id)}:cancel", read_as(Sweep))


def delete_sweep(sweep_id: str, trials: bool = False, force: bool = False) -> Operation[None]:
    """Delete one that has ended; with `trials`, also the experiments of its trials, and with `force`, even if one of
    them serves or is pinned."""
    return Operation("DELETE", _path_of(sweep_id), read_nothing, {"trials": trials, "force": force})


def resume_trial(sweep_id: str, number: int) -> Operation[Sweep]:
    """Train a trial to its end that was stopped early, failed or was cancelled."""
    return Operation("POST", f"{_path_of(sweep_id)}/trials/{number}:resume", read_as(Sweep))


def _path_of(sweep_id: str) -> str:
    return f"/sweeps/{segment(sweep_id)}"
