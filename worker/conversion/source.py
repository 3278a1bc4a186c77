"""The labeled images of an upload, however it is laid out: labels are known before any image is decoded."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import Budget
from archives.name_encodings import UNSTATED, find_encoding, look_like_gbk, possible_encodings
from archives.names import quote
from models_store.datasets.record import UploadOptions
from specs.problem import quantity
from specs.splits import SOURCE_SPLITS, SourceSplit
from worker.conversion.filename_labels import label_by_filenames
from worker.conversion.fitting_layout import describe_fitting_layout
from worker.conversion.folder_copies import leave_out_copies
from worker.conversion.folder_labels import label_by_folders
from worker.conversion.labels import (
    HIDDEN,
    Label,
    Labels,
    NoClasses,
    Place,
    find_hidden,
    find_lists,
    order_classes,
    reject_captions,
    split_names,
)
from worker.conversion.members import Listing, ParquetFile, UploadedFiles
from worker.conversion.table_labels import label_by_tables
from worker.conversion.tables import TextTable
from worker.jobs.messages import ConversionJob

_PARQUET = b"PAR1"
Heartbeat = Callable[[], None]


class SourceImage(NamedTuple):
    place: Place
    name: str
    content: bytes


class LabeledImages(NamedTuple):
    """`images`, iterated once, are `total`. `split_names` are what names each split in the upload; `ignored` names some
    of the `ignored_files` that are no images."""

    classes: tuple[str, ...]
    total: int
    split_names: dict[SourceSplit, tuple[str, ...]]
    warnings: tuple[str, ...]
    ignored: tuple[str, ...]
    ignored_files: int
    images: Iterator[SourceImage]


def open_images(job: ConversionJob, heartbeat: Heartbeat) -> LabeledImages:
    """Judge the layout. Raises InvalidArchive, also while the images are iterated."""
    if _starts_as_parquet(job.archive):
        return _of_parquet_images(job, [ParquetFile(job.archive, "parquet")], Listing(), heartbeat)
    encoding = find_encoding(job.options.names) if job.options.names else None
    files = UploadedFiles(job.archive, job.limits, encoding)
    listing = files.list(heartbeat)
    if job.options.layout == "parquet" or (job.options.layout == "auto" and listing.parquets and not listing.images):
        return _of_parquets(job, files, listing, heartbeat)
    listing.images, copied = leave_out_copies(listing.images, files, heartbeat)
    if not listing.images:
        raise InvalidArchive(
            f"it has no images{_about_others(listing)}; expected PNG, JPEG or WebP files in an archive"
        )
    try:
        labels = _label(job.options, files, listing, encoding, heartbeat)
        return _of_files(labels._replace(warnings=(*copied, *labels.warnings)), files, listing)
    except NoClasses as error:
        if job.options.layout not in ("auto", "folders"):
            raise
        fitting = describe_fitting_layout(
            listing, lambda: _label(UploadOptions(layout="csv"), files, listing, encoding, heartbeat)
        )
        raise InvalidArchive(f"{error}; {fitting}") from error


def _of_files(labels: Labels, files: UploadedFiles, listing: Listing) -> LabeledImages:
    classes = order_classes(labels.by_position.values())
    unnamed = _about_names(listing)
    return LabeledImages(
        classes,
        len(labels.by_position),
        split_names(labels.by_position.values()),
        (*unnamed, *labels.warnings),
        tuple(listing.ignored),
        listing.ignored_files,
        _read(files, listing, labels, classes),
    )


def _label(
    options: UploadOptions, files: UploadedFiles, listing: Listing, encoding: str | None, heartbeat: Heartbeat
) -> Labels:
    match options.layout:
        case "filenames":
            return label_by_filenames(listing.images, options.field)
        case "csv":
            if not listing.tables:
                raise InvalidArchive(
                    f"expected a .csv or .tsv table of files and labels in the archive{_about_others(listing)}; save "
                    "the table as one"
                )
            contents = dict(files.read({table.position for table in listing.tables}))
            tables = [TextTable(table, contents.pop(table.position), encoding) for table in listing.tables]
            labels = label_by_tables(listing.images, tables, heartbeat)
            return Labels(
                labels.by_position, (*chain.from_iterable(each.warnings for each in tables), *labels.warnings)
            )
        case _:
            return label_by_folders(listing.images, listing.bare_folders)


def _read(files: UploadedFiles, listing: Listing, labels: Labels, classes: tuple[str, ...]) -> Iterator[SourceImage]:
    names = {file.position: "/".join(file.path) for file in listing.images}
    numbers = {name: number for number, name in enumerate(classes)}
    for position, content in files.read(labels.by_position):
        yield SourceImage(_place(labels.by_position[position], numbers), names[position], content)


def _bounded(budget: Budget, name: str, content: bytes) -> bytes:
    try:
        return b"".join(budget.bound(iter((content,))))
    except UnreadableMember as error:
        raise InvalidArchive(f"{quote(name)} {error}") from error


def _place(label: Label, numbers: dict[str, int]) -> Place:
    return Place(SOURCE_SPLITS.index(label.split), numbers[label.name])


def _about_names(listing: Listing) -> tuple[str, ...]:
    """A warning if names may be misread."""
    names, taken = listing.unknown_names, UNSTATED
    if not names and look_like_gbk(listing.assumed_names):
        names, taken = listing.assumed_names, "utf-8"
    if not names:
        return ()
    readings = possible_encodings([name.encode(taken) for name in names])
    read = ", ".join(f"{encoding} reads {quote(text)}" for encoding, text in ((taken, names[0]), *readings))
    warning = (
        f"the archive does not say how {quantity(len(names), 'name is', 'names are')} encoded: {read}; the first is "
        "taken; if it is wrong, upload the archive again with the right one, as in ?names=gbk"
    )
    return (warning,)


def _about_others(listing: Listing) -> str:
    others = [*(file.name for file in (*listing.tables, *listing.parquets)), *listing.ignored]
    number = len(listing.tables) + len(listing.parquets) + listing.ignored_files
    return f", only {quantity(number, 'other file', 'other files')}, such as {quote(others[0])}" if others else ""


def _starts_as_parquet(archive: Path) -> bool:
    with archive.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET


def _of_parquets(job: ConversionJob, files: UploadedFiles, listing: Listing, heartbeat: Heartbeat) -> LabeledImages:
    """Parquet files hold the images, or name those beside them in the archive."""
    from worker.conversion.parquet_files import ParquetTable
    from worker.conversion.parquet_images import holds_images

    paths = {file.position: job.staged / f"{file.position}.parquet" for file in listing.parquets}
    files.copy(paths, heartbeat)
    parquets = [ParquetFile(paths[file.position], "/".join(file.path)) for file in listing.parquets]
    if not parquets:
        raise InvalidArchive("it has no .parquet file; expected one, or an archive of some")
    if not listing.images or any(map(holds_images, parquets)):
        return _of_parquet_images(job, parquets, listing, heartbeat)
    tables = [ParquetTable(each.path, file) for each, file in zip(parquets, listing.parquets, strict=True)]
    labels = label_by_tables(listing.images, tables, heartbeat)
    for each in parquets:
        each.path.unlink()
    return _of_files(labels, files, listing)


def _of_parquet_images(
    job: ConversionJob, tables: Sequence[ParquetFile], listing: Listing, heartbeat: Heartbeat
) -> LabeledImages:
    # It takes 0.15 s to import, and few uploads need it.
    from worker.conversion.parquet_images import read_images, read_labels

    budget = Budget(job.limits)
    labels: list[Label] = []
    unlabeled = 0
    for label in chain.from_iterable(map(read_labels, tables)):
        heartbeat()
        budget.count_entry()
        labels += [label] if label else []
        unlabeled += label is None
    hidden = find_hidden(labels)
    known = [label for label in labels if not (label.name == HIDDEN and label.split in hidden)]
    unlabeled, labels = unlabeled + len(labels) - len(known), known
    if not labels:
        raise InvalidArchive(f"none of its {quantity(unlabeled, 'row', 'rows')} has a label")
    if lists := find_lists({label.name for label in labels}):
        raise InvalidArchive(
            f"the label {quote(min(lists))} lists several; several labels per image are not supported, expected one "
            "class in each row"
        )
    reject_captions([label.name for label in labels], quote(tables[0].name) if len(tables) == 1 else "the tables")
    classes = order_classes(labels)
    numbers = {name: number for number, name in enumerate(classes)}

    def read() -> Iterator[SourceImage]:
        for table in tables:
            for image in read_images(table):
                if image.label is not None and not (image.label.name == HIDDEN and image.label.split in hidden):
                    content = _bounded(budget, image.name, image.content)
                    yield SourceImage(_place(image.label, numbers), image.name, content)
            if table.path != job.archive:
                table.path.unlink()

    about = f"{quantity(unlabeled, 'row has', 'rows have')} no label and {'is' if unlabeled == 1 else 'are'} left out"
    return LabeledImages(
        classes,
        len(labels),
        split_names(labels),
        (about,) if unlabeled else (),
        tuple(listing.ignored),
        listing.ignored_files + len(listing.images) + len(listing.tables),
        read(),
    )
