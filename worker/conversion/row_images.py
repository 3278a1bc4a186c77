"""Images and labels within the rows of tables."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import Budget
from archives.names import quote
from specs.problem import quantity
from worker.conversion.labeled_images import LabeledImages, SourceImage, place_of
from worker.conversion.labels import (
    HIDDEN,
    Label,
    find_hidden,
    find_lists,
    order_classes,
    reject_captions,
    reject_fractions,
    separate_public,
    split_names,
)
from worker.conversion.members import Listing
from worker.jobs.messages import ConversionJob


class RowImage(NamedTuple):
    """`label` is None where the row has none, as in the test split of a competition."""

    label: Label | None
    name: str
    content: bytes


class ImageTable(Protocol):
    """A table on disk; its rows have an order."""

    @property
    def path(self) -> Path: ...

    @property
    def name(self) -> str:
        """What the upload calls it."""
        ...

    def read_labels(self) -> Iterator[Label | None]:
        """Of all rows; no image is read. Raises InvalidArchive."""
        ...

    def read_images(self) -> Iterator[RowImage]:
        """All rows, a few in memory at a time. Raises InvalidArchive."""
        ...


def label_row_images(
    job: ConversionJob, tables: Sequence[ImageTable], listing: Listing, heartbeat: Callable[[], None]
) -> LabeledImages:
    """Tables other than the upload itself are deleted when they are read. Raises InvalidArchive."""
    budget = Budget(job.limits)
    labels: list[Label] = []
    unlabeled = 0
    for label in chain.from_iterable(table.read_labels() for table in tables):
        heartbeat()
        budget.count_entry()
        labels += [label] if label else []
        unlabeled += label is None
    hidden = find_hidden(labels)
    known = [label for label in labels if not (label.name == HIDDEN and label.split in hidden)]
    unlabeled, labels = unlabeled + len(labels) - len(known), known
    if not labels:
        raise InvalidArchive(f"none of its {quantity(unlabeled, 'row', 'rows')} has a label")
    _check_names(labels, tables)
    split = separate_public(labels)
    classes = order_classes(map(split, labels))
    numbers = {name: number for number, name in enumerate(classes)}

    def read() -> Iterator[SourceImage]:
        for table in tables:
            for image in table.read_images():
                if image.label is not None and not (image.label.name == HIDDEN and image.label.split in hidden):
                    content = _bounded(budget, image.name, image.content)
                    yield SourceImage(place_of(split(image.label), numbers), image.name, content)
            if table.path != job.archive:
                table.path.unlink()

    about = f"{quantity(unlabeled, 'row has', 'rows have')} no label and {'is' if unlabeled == 1 else 'are'} left out"
    return LabeledImages(
        classes,
        len(labels),
        split_names(map(split, labels)),
        (about,) if unlabeled else (),
        tuple(listing.ignored),
        listing.ignored_files + len(listing.images) + len(listing.tables),
        read(),
    )


def _check_names(labels: Sequence[Label], tables: Sequence[ImageTable]) -> None:
    source = quote(tables[0].name) if len(tables) == 1 else "the tables"
    names = {label.name for label in labels}
    if lists := find_lists(names):
        raise InvalidArchive(
            f"the label {quote(min(lists))} lists several; several labels per image are not supported, expected one "
            "class in each row"
        )
    reject_fractions(names, source)
    reject_captions([label.name for label in labels], source)


def _bounded(budget: Budget, name: str, content: bytes) -> bytes:
    try:
        return b"".join(budget.bound(iter((content,))))
    except UnreadableMember as error:
        raise InvalidArchive(f"{quote(name)} {error}") from error
