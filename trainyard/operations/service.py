"""The service itself: workers, queue, disk."""

from trainyard.answers.base import ItemList
from trainyard.answers.service import DiskUse, Queue, Worker
from trainyard.operations.operation import Operation, read_as


def workers() -> Operation[ItemList[Worker]]:
    """The live workers: device, memory, and what each of them does now."""
    return Operation("GET", "/workers", read_as(ItemList[Worker]))


def drain(name: str, give_back: bool = False) -> Operation[ItemList[Worker]]:
    """Have the worker of that name, or all workers of that machine, start nothing more. They finish what they have
    begun, or `give_back` returns it to the queue, with a checkpoint."""
    params = {"name": name, "give_back": "true" if give_back else None}
    return Operation("POST", "/workers:drain", read_as(ItemList[Worker]), params=params)


def resume_worker(name: str) -> Operation[ItemList[Worker]]:
    """Undo `drain`."""
    return Operation("POST", "/workers:resume", read_as(ItemList[Worker]), params={"name": name})


def queue() -> Operation[Queue]:
    """The experiments that wait, in order, and those that run, with estimates of when they start and end."""
    return Operation("GET", "/queue", read_as(Queue))


def reorder_queue(*ids: str) -> Operation[Queue]:
    """Start these experiments next, in this order; all others keep their places after them. The id of a sweep stands
    for its trials that wait now. Those that have started or ended meanwhile are left out."""
    return Operation("POST", "/queue:reorder", read_as(Queue), json={"ids": list(ids)})


def pause_queue() -> Operation[Queue]:
    """Start no other experiment until `resume_queue`; what runs continues."""
    return Operation("POST", "/queue:pause", read_as(Queue))


def resume_queue() -> Operation[Queue]:
    """Start the experiments that wait again."""
    return Operation("POST", "/queue:resume", read_as(Queue))


def disk() -> Operation[DiskUse]:
    """The size of the store and of its largest experiments and datasets, and the room on its disk."""
    return Operation("GET", "/disk", read_as(DiskUse))
