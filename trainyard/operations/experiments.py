"""Experiments: submit, continue, list, follow, compare, stop, cancel, retry, reproduce, delete."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

import httpx2

from trainyard.answers.base import ItemList
from trainyard.answers.comparisons import Comparison, Lineage, Provenance, Reproduction
from trainyard.answers.diagnosis import Finding
from trainyard.answers.experiments import (
    Experiment,
    ExperimentFile,
    ExperimentGroup,
    ExperimentPage,
    History,
    Pruning,
    SummaryPage,
)
from trainyard.answers.specs import Preset, Validation
from trainyard.log_directory import LogDirectory
from trainyard.operations.operation import Operation, leave_unread, read_as, read_nothing, read_text, segment

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


def submit(
    spec: Spec, idempotency_key: str | None = None, priority: int | None = None, private: bool | None = None
) -> Operation[Experiment]:
    """Queue an experiment. `spec` is a mapping, JSON or YAML text, or the path of a file.

    The same `idempotency_key` and spec return the same experiment, so that a call can be repeated safely. Of what
    waits, the highest `priority` starts first: -100 to 100, by default 0. What is `private` is there for its owner and
    admins alone; None is your default.
    """
    content, headers = posted(spec, idempotency_key)
    params = {"priority": priority, "private": private}
    return Operation("POST", "/experiments", read_as(Experiment), params, headers, content)


def submit_repeats(
    spec: Spec,
    repeats: int,
    idempotency_key: str | None = None,
    priority: int | None = None,
    private: bool | None = None,
) -> Operation[ExperimentGroup]:
    """Queue an experiment several times, with consecutive seeds, to see how much of a result is chance."""
    content, headers = posted(spec, idempotency_key)
    params = {"repeats": repeats, "priority": priority, "private": private}
    return Operation("POST", "/experiments", read_as(ExperimentGroup), params, headers, content)


def posted(spec: Spec, idempotency_key: str | None) -> tuple[bytes, dict[str, str]]:
    """A body and its headers."""
    content, media_type = encode_spec(spec)
    key = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    return content, {"Content-Type": media_type, **key}


def submit_change(
    patch: Mapping[str, Any], priority: int | None = None, private: bool | None = None
) -> Operation[Experiment]:
    """Queue the experiment that a JSON merge patch (RFC 7396) makes of the one it is `based_on`."""
    headers = {"Content-Type": _MERGE_PATCH}
    content, params = json.dumps(patch).encode(), {"priority": priority, "private": private}
    return Operation("POST", "/experiments", read_as(Experiment), params, content=content, headers=headers)


def continue_training(
    experiment_id: str, epochs: int | None = None, learning_rate: float | Mapping[str, Any] | None = None
) -> Operation[Experiment]:
    """Queue an experiment that continues where this one has ended, to so many `epochs` in all; with another
    `learning_rate` or schedule, if one is given."""
    training: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    if learning_rate is not None:
        training["optimizer"] = {"learning_rate": learning_rate}
    return submit({"continue_from": experiment_id, "training": training})


def validate(spec: Spec) -> Operation[Validation]:
    """Check a spec without queueing it. Raises Invalid, whose `errors` point at what is wrong."""
    content, media_type = encode_spec(spec)
    headers = {"Content-Type": media_type}
    return Operation("POST", "/experiments:validate", read_as(Validation), content=content, headers=headers)


def page(limit: int | None = None, cursor: str | None = None, **filters: Unpack[Filters]) -> Operation[ExperimentPage]:
    """One page of experiments, newest first unless `sort` says otherwise; `runs` iterates over all pages."""
    params = {**filters, "limit": limit, "cursor": cursor}
    return Operation("GET", "/experiments", read_as(ExperimentPage), params)


def summaries(
    *conditions: str, sort: str | None = None, limit: int | None = None, cursor: str | None = None
) -> Operation[SummaryPage]:
    """The summaries of up to `limit` experiments (50, at most 10,000) that fulfil all conditions, such as
    "val_accuracy>0.98", "training.optimizer.type=Adam" or "tag!=old", newest first; `sort` is any field or metric,
    descending with `-`; `cursor` is the `next_cursor` of the page before."""
    asked = dict(map(_split_condition, conditions))
    params = {**asked, "fields": "summary", "sort": sort, "limit": limit, "cursor": cursor}
    return Operation("GET", "/experiments", read_as(SummaryPage), params)


def summaries_csv(*conditions: str, sort: str | None = None) -> Operation[str]:
    """The summaries of all experiments that fulfil all conditions as CSV."""
    asked = dict(map(_split_condition, conditions))
    return Operation("GET", "/experiments.csv", read_text, {**asked, "sort": sort})


def _split_condition(condition: str) -> tuple[str, str]:
    """As a parameter of a query: `a>1` is a name without a value."""
    name, _, value = condition.partition("=")
    return name, value


def get(experiment_id: str) -> Operation[Experiment]:
    """The record of an experiment."""
    return Operation("GET", path_of(experiment_id), read_as(Experiment))


def group(group_id: str) -> Operation[ExperimentGroup]:
    """The repeats of an experiment, with means and their intervals."""
    return Operation("GET", f"/groups/{segment(group_id)}", read_as(ExperimentGroup))


def history(experiment_id: str, since: int | None = None) -> Operation[History]:
    """Metrics by epoch, also while it runs; with `since`, only the epochs after that one."""
    return Operation("GET", f"{path_of(experiment_id)}/history", read_as(History), {"since": since})


def history_csv(experiment_id: str, since: int | None = None) -> Operation[str]:
    """Metrics by epoch as CSV."""
    path, headers = f"{path_of(experiment_id)}/history", {"Accept": "text/csv"}
    return Operation("GET", path, read_text, {"since": since}, headers)


def tensorboard(experiment_id: str) -> Operation[LogDirectory]:
    """Metrics by epoch for TensorBoard, also while it runs: `extract` them to the folder that TensorBoard shows."""
    return Operation("GET", f"{path_of(experiment_id)}/tensorboard", LogDirectory.of)


def files(experiment_id: str) -> Operation[ItemList[ExperimentFile]]:
    """What there is to download of an experiment; `Client.download` gets one."""
    return Operation("GET", f"{path_of(experiment_id)}/files", read_as(ItemList[ExperimentFile]))


def file(experiment_id: str, name: str) -> Operation[httpx2.Response]:
    """For `Client.download`, which writes the answer to a file."""
    return Operation("GET", f"{path_of(experiment_id)}/files/{segment(name)}", leave_unread)


def log(experiment_id: str, lines: int | None = None) -> Operation[str]:
    """What its trainers logged, also while it runs, or only so many of the last `lines`."""
    return Operation("GET", f"{path_of(experiment_id)}/log", read_text, {"lines": lines})


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


def edit(experiment_id: str, patch: Mapping[str, Any], etag: str | None = None) -> Operation[Experiment]:
    """Change the name, notes, tags, star or priority; None restores what was posted; or whether it is `private`. With
    `etag`, that of the record as it was read, raises Conflict if somebody else has edited it since."""
    headers = {"Content-Type": _MERGE_PATCH, **({"If-Match": etag} if etag else {})}
    content = json.dumps(patch).encode()
    return Operation("PATCH", path_of(experiment_id), read_as(Experiment), content=content, headers=headers)


def cancel(experiment_id: str) -> Operation[Experiment]:
    """Cancel: at once if it waits, after the current batch if it runs. Its history and checkpoint stay."""
    return Operation("POST", f"{path_of(experiment_id)}:cancel", read_as(Experiment))


def stop(experiment_id: str) -> Operation[Experiment]:
    """Stop a training early and publish what it has learnt: after the current batch, or at the end of its first
    epoch."""
    return Operation("POST", f"{path_of(experiment_id)}:stop", read_as(Experiment))


def retry(experiment_id: str) -> Operation[Experiment]:
    """Run it again if it has failed or was cancelled, from its last checkpoint."""
    return Operation("POST", f"{path_of(experiment_id)}:retry", read_as(Experiment))


def prune(
    older_than_days: float | None = None,
    keep_newest: int | None = None,
    max_bytes: int | None = None,
    dry_run: bool = False,
    states_only: bool = False,
) -> Operation[Pruning]:
    """Delete ended experiments: those that ended longer ago, those beyond the newest so many, and the oldest while all
    take more bytes. What has a star, serves or is needed is kept. With `states_only`, only their training states, which
    the limits are then of. With `dry_run`, only return what would be removed."""
    params = {
        "older_than_days": older_than_days,
        "keep_newest": keep_newest,
        "max_bytes": max_bytes,
        "states_only": states_only,
        "dry_run": dry_run,
    }
    return Operation("POST", "/experiments:prune", read_as(Pruning), params)


def reproduce(experiment_id: str, private: bool | None = None) -> Operation[Experiment]:
    """Run it again with the same spec and seed; `reproduction` of the new one then compares both."""
    return Operation("POST", f"{path_of(experiment_id)}:reproduce", read_as(Experiment), {"private": private})


def reproduction(experiment_id: str) -> Operation[Reproduction]:
    """Whether it gave the result of the experiment that it reproduces, and what differed."""
    return Operation("GET", f"{path_of(experiment_id)}/reproduction", read_as(Reproduction))


def provenance(experiment_id: str) -> Operation[Provenance]:
    """What its result was computed with and from."""
    return Operation("GET", f"{path_of(experiment_id)}/provenance", read_as(Provenance))


def delete(experiment_id: str, force: bool = False) -> Operation[None]:
    """Delete it with its files; with `force`, even if its model serves."""
    return Operation("DELETE", path_of(experiment_id), read_nothing, {"force": force})


def delete_state(experiment_id: str) -> Operation[None]:
    """Delete its training state, to save disk space; it cannot be continued then."""
    return Operation("DELETE", f"{path_of(experiment_id)}/state", read_nothing)


def presets() -> Operation[ItemList[Preset]]:
    """Experiments to start from."""
    return Operation("GET", "/presets", read_as(ItemList[Preset]))


def path_of(experiment_id: str) -> str:
    return f"/experiments/{segment(experiment_id)}"


def encode_spec(spec: Spec) -> tuple[bytes, str]:
    """A body and its media type."""
    if isinstance(spec, Mapping):
        return json.dumps(spec).encode(), _JSON
    if isinstance(spec, Path):
        return spec.read_bytes(), _UNKNOWN
    return spec.encode() if isinstance(spec, str) else spec, _UNKNOWN
