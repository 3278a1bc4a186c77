"""`trainyard machines`."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.service import Activity, DiskUse, MemoryUse, Retention, Worker
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_json, print_lines
from trainyard.cli.views.queue import queue_view
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import bytes_text, count_text, time_text
from trainyard.client import Client
from trainyard.errors import UsageError

_NameArgument = Annotated[str, typer.Argument(help="Of a worker, as in `trainyard machines`, or of its machine.")]


def machines(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show the workers and what they do, the queue, and the disk."""
    with Client(url) as client:
        workers, queue, disk = client.workers(), client.queue(), client.disk()
    if json:
        print_json({"workers": workers.to_dict(), "queue": queue.to_dict(), "disk": disk.to_dict()})
    else:
        print_lines(*worker_view(workers), "", *queue_view(queue), "", *disk_lines(disk))


def drain(
    name: _NameArgument,
    give_back: Annotated[
        bool, typer.Option("--give-back", help="Return what it has begun to the queue, with a checkpoint.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Have it start experiments again.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Have a worker, or all workers of a machine, start nothing more: it finishes what it has begun.

    That of a worker ends with it; that of a machine also holds for workers that are started there later.
    """
    if give_back and undo:
        raise UsageError("give either --give-back or --undo")
    with Client(url) as client:
        workers = client.resume_worker(name) if undo else client.drain(name, give_back)
    print_answer(workers, json, worker_view)


def worker_view(workers: ItemList[Worker]) -> Iterator[RenderableType]:
    if not workers:
        yield "no worker is alive: experiments wait until one starts"
        return
    headers = ("worker", prose("device"), right("memory"), right("trainers"), prose("does"))
    yield Listing(headers, ((each.name, *_machine_texts(each), _doing_text(each)) for each in workers))


def disk_lines(disk: DiskUse) -> Iterator[str]:
    yield f"disk      {bytes_text(disk.free_bytes)} free of {bytes_text(disk.total_bytes)}"
    parts = f"{bytes_text(disk.experiments_bytes)} experiments, {bytes_text(disk.datasets_bytes)} datasets"
    yield f"store     {bytes_text(disk.store_bytes)}: {parts}"
    if disk.retention:
        yield from _retention_lines(disk.retention)


def _machine_texts(worker: Worker) -> tuple[str, str, str]:
    """Device, memory of the machine, memory of the trainers; empty where an older worker does not report them."""
    count = f"{worker.devices} x " if (worker.devices or 1) > 1 else ""
    device = count + worker.device.name if worker.device else ""
    if worker.device and worker.device.memory:
        device += f" ({_memory_text(worker.device.memory)})"
    if worker.device and worker.device.bfloat16:
        device += ", bfloat16"
    trainers = "" if worker.trainer_bytes is None else bytes_text(worker.trainer_bytes)
    return device, _memory_text(worker.memory) if worker.memory else "", trainers


def _memory_text(memory: MemoryUse) -> str:
    return f"{bytes_text(memory.used_bytes)} of {bytes_text(memory.total_bytes)}"


def _doing_text(worker: Worker) -> str:
    doing = "; ".join(map(_describe, worker.activities))
    if worker.draining is None:
        return doing or "waits"
    how = "gives back" if worker.draining == "give_back" else "drains"
    return f"{how}: {doing}" if doing else "drained"


def _describe(activity: Activity) -> str:
    match activity.kind:
        case "training":
            epoch = f", epoch {activity.epoch + 1}/{activity.epochs}" if activity.epoch is not None else ""
            return f"trains {activity.name or activity.experiment_id} on {activity.dataset}{epoch}"
        case "evaluation":
            return f"evaluates {activity.experiment_id} on {activity.dataset}"
        case _:
            return f"converts {activity.dataset}"


def _retention_lines(retention: Retention) -> Iterator[str]:
    limits = (
        f"older than {retention.older_than_days:g} days" if retention.older_than_days is not None else "",
        f"beyond the newest {retention.keep_newest:,}" if retention.keep_newest is not None else "",
        f"while all take more than {bytes_text(retention.max_bytes)}" if retention.max_bytes is not None else "",
    )
    yield f"deletes   experiments {', or '.join(filter(None, limits))}"
    if last := retention.last:
        done = f"{count_text(last.removed, 'experiment')}, {bytes_text(last.removed_bytes)}"
        yield f"          {time_text(last.at)}: {done}"
