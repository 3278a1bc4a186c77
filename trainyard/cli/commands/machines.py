"""`trainyard machines`."""

from collections.abc import Iterator

from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.service import Activity, DiskUse, MemoryUse, Retention, Worker
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_json, print_lines
from trainyard.cli.views.queue import queue_view
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import bytes_text, count_text, time_text
from trainyard.client import Client


def machines(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show the workers and what they do, the queue, and the disk."""
    with Client(url) as client:
        workers, queue, disk = client.workers(), client.queue(), client.disk()
    if json:
        print_json({"workers": workers.to_dict(), "queue": queue.to_dict(), "disk": disk.to_dict()})
    else:
        print_lines(*worker_view(workers), "", *queue_view(queue), "", *disk_lines(disk))


def worker_view(workers: ItemList[Worker]) -> Iterator[RenderableType]:
    if not workers:
        yield "no worker is alive: experiments wait until one starts"
        return
    headers = ("worker", prose("device"), right("memory"), right("trainers"), prose("does"))
    yield Listing(headers, ((each.name, *_machine_texts(each), _activity_text(each.activities)) for each in workers))


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


def _activity_text(activities: list[Activity]) -> str:
    return "; ".join(map(_describe, activities)) or "waits"


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
