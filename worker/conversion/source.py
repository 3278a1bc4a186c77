"""The labeled images of an upload, however it is laid out: labels are known before any image is decoded."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from archives.errors import InvalidArchive, UnsupportedFormat
from archives.name_encodings import UNSTATED, find_encoding, look_like_gbk, possible_encodings
from archives.names import quote
from archives.reader import FORMAT_BYTES, find_format
from models_store.datasets.record import UploadOptions
from specs.problem import quantity
from worker.conversion.arrays import label_arrays
from worker.conversion.filename_labels import label_by_filenames
from worker.conversion.fitting_layout import describe_fitting_layout
from worker.conversion.folder_copies import leave_out_copies
from worker.conversion.folder_labels import label_by_folders
from worker.conversion.image_index import ImageIndex
from worker.conversion.labeled_images import LabeledImages, SourceImage, place_of
from worker.conversion.labels import Labels, NoClasses, order_classes, separate_public, split_names
from worker.conversion.members import Listing, ParquetFile, UploadedFiles, count_common_folders, file_digest
from worker.conversion.pixel_columns import Shape
from worker.conversion.pixel_tables import PixelTable, open_pixel_table
from worker.conversion.row_images import label_row_images
from worker.conversion.table_labels import label_by_tables
from worker.conversion.tables import TextTable
from worker.jobs.messages import ConversionJob

_PARQUET = b"PAR1"
_ARRAYS = frozenset(
    {".npy", ".npz", ".mat", ".h5", ".hdf5", ".pkl", ".pickle", ".pt", ".feather", ".arrow", ".tfrecord"}
)
Heartbeat = Callable[[], None]


def open_images(job: ConversionJob, heartbeat: Heartbeat) -> LabeledImages:
    """Judge the layout. Raises InvalidArchive, also while the images are iterated."""
    if (alone := _open_alone(job, heartbeat)) is not None:
        return alone
    encoding = find_encoding(job.options.names) if job.options.names else None
    files = UploadedFiles(job.archive, job.limits, encoding)
    listing = files.list(heartbeat)
    if job.options.layout == "auto" and listing.may_be_arrays and not _name_of_pixels(job, files, listing, heartbeat):
        return label_arrays(job, files, listing, heartbeat)
    listing.ignore_arrays()
    if job.options.layout == "parquet" or (job.options.layout == "auto" and listing.parquets and not listing.images):
        return _of_parquets(job, files, listing, heartbeat)
    if listing.tables and (job.options.layout == "csv" or (job.options.layout == "auto" and not listing.images)):
        pixels = _open_pixel_tables(job, files, listing, heartbeat)
        if pixels.tables:
            return _of_pixels(job, pixels, listing, heartbeat)
    listing.images, copied = leave_out_copies(listing.images, files, heartbeat)
    if not listing.images:
        raise InvalidArchive(
            f"it has no images{_about_others(listing)}; expected PNG, JPEG or WebP files in an archive"
            f"{_about_arrays(listing)}"
        )
    try:
        labels = _label(job.options, files, listing, encoding, heartbeat)
        return _of_files(labels._replace(warnings=(*copied, *labels.warnings)), files, listing)
    except NoClasses as error:
        if job.options.layout not in ("auto", "folders"):
            raise
        if name := _name_of_pixels(job, files, listing, heartbeat):
            raise InvalidArchive(f"{error}; ?layout=csv reads the images in the cells of {name} instead") from error
        fitting = describe_fitting_layout(
            listing, lambda: _label(UploadOptions(layout="csv"), files, listing, encoding, heartbeat)
        )
        raise InvalidArchive(f"{error}; {fitting}") from error


def _open_alone(job: ConversionJob, heartbeat: Heartbeat) -> LabeledImages | None:
    """The upload itself as a table; None if it is an archive."""
    if _starts_as_parquet(job.archive):
        return _of_parquet_images(job, [ParquetFile(job.archive, "parquet")], Listing(), heartbeat)
    table = _open_text(job.archive)
    return None if table is None else _of_pixels(job, _PixelTables([table], [], 0), Listing(), heartbeat)


def _of_files(labels: Labels, files: UploadedFiles, listing: Listing) -> LabeledImages:
    separate = separate_public(labels.by_position.values())
    labels = labels._replace(by_position={at: separate(label) for at, label in labels.by_position.items()})
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
        yield SourceImage(place_of(labels.by_position[position], numbers), names[position], content)


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


def _about_arrays(listing: Listing) -> str:
    arrays = next((name for name in listing.ignored if PurePosixPath(name).suffix.lower() in _ARRAYS), None)
    if arrays is None:
        return ""
    return (
        f"; {quote(arrays)} holds arrays, which are not read: upload a .npz of x_train and y_train as it is, or write "
        "them as images"
    )


def _starts_as_parquet(archive: Path) -> bool:
    with archive.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET


def _open_text(archive: Path) -> PixelTable | None:
    """The upload itself as a table of pixels; None if it is an archive."""
    with archive.open("rb") as file:
        start = file.read(FORMAT_BYTES)
    try:
        find_format(start)
    except UnsupportedFormat as error:
        table = open_pixel_table(archive, "csv")
        if table is None:
            raise InvalidArchive(
                f"{error}; it is no table of pixels either: a table of files must be packed into an archive with its "
                "images"
            ) from error
        return table
    return None


def _of_parquets(job: ConversionJob, files: UploadedFiles, listing: Listing, heartbeat: Heartbeat) -> LabeledImages:
    """Parquet files hold the images, or name those beside them in the archive."""
    from worker.conversion.parquet_files import ParquetTable
    from worker.conversion.parquet_images import holds_images

    paths = {file.position: job.staged / f"{file.position}.parquet" for file in listing.parquets}
    files.copy(paths, heartbeat)
    found: dict[bytes, ParquetFile] = {}
    common, copies = count_common_folders(listing.parquets), []
    for file in listing.parquets:
        path = paths[file.position]
        first = found.setdefault(file_digest(path), ParquetFile(path, "/".join(file.path), common))
        heartbeat()
        if first.path != path:
            path.unlink()
            copies.append(_about_copy(file.name, first.name))
    parquets = list(found.values())
    if not parquets:
        raise InvalidArchive("it has no .parquet file; expected one, or an archive of some")
    if not listing.images or any(map(holds_images, parquets)):
        images = _of_parquet_images(job, parquets, listing, heartbeat)
        return images._replace(warnings=(*copies, *images.warnings), ignored_files=images.ignored_files + len(copies))
    kept = {each.path for each in parquets}
    tables = [ParquetTable(paths[file.position], file) for file in listing.parquets if paths[file.position] in kept]
    labels = label_by_tables(listing.images, tables, heartbeat)
    labels = labels._replace(warnings=(*copies, *labels.warnings))
    for each in parquets:
        each.path.unlink()
    return _of_files(labels, files, listing)


def _of_parquet_images(
    job: ConversionJob, tables: Sequence[ParquetFile], listing: Listing, heartbeat: Heartbeat
) -> LabeledImages:
    # It takes 0.15 s to import, and few uploads need it.
    from worker.conversion.parquet_images import ParquetImages

    return label_row_images(job, list(map(ParquetImages, tables)), listing, heartbeat)


class _PixelTables(NamedTuple):
    """The tables of an archive that hold images in their cells, each once; `others` hold none. There are none if the
    archive has images, which others may name."""

    tables: list[PixelTable]
    warnings: list[str]
    others: int


def _open_pixel_tables(
    job: ConversionJob, files: UploadedFiles, listing: Listing, heartbeat: Heartbeat
) -> _PixelTables:
    """Raises InvalidArchive for one without a clear shape or label, unless another one may name the images."""
    paths = {file.position: job.staged / f"{file.position}.csv" for file in listing.tables}
    files.copy(paths, heartbeat)
    found: dict[bytes, PixelTable] = {}
    copies, others, faults = list[str](), 0, list[InvalidArchive]()
    common = count_common_folders(listing.tables)
    index = ImageIndex(listing.images) if listing.images else None
    for file in listing.tables:
        path = paths[file.position]
        try:
            table = open_pixel_table(path, "/".join(file.path), common, index)
        except InvalidArchive as error:
            faults.append(error)
            path.unlink()
            continue
        digest = file_digest(path)
        heartbeat()
        if table is not None and found.setdefault(digest, table) is table:
            continue
        path.unlink()
        if table is None:
            others += 1
        else:
            copies.append(_about_copy(file.name, found[digest].name))
    if faults or (listing.images and others):
        for table in found.values():
            table.path.unlink()
        found = {}
    if faults and not (listing.images and others):
        raise faults[0]
    return _PixelTables(list(found.values()), copies, others)


def _name_of_pixels(job: ConversionJob, files: UploadedFiles, listing: Listing, heartbeat: Heartbeat) -> str:
    """Of the first table that holds images, quoted; empty if none does, or none that can be read."""
    try:
        tables = _open_pixel_tables(job, files, listing, heartbeat).tables
    except InvalidArchive:
        return ""
    return quote(tables[0].name) if tables else ""


def _of_pixels(job: ConversionJob, pixels: _PixelTables, listing: Listing, heartbeat: Heartbeat) -> LabeledImages:
    shapes: dict[Shape, PixelTable] = {}
    for table in pixels.tables:
        shapes.setdefault(table.shape, table)
    if len(shapes) > 1:
        listed = ", ".join(
            f"{height} x {width}{' in color' if channels > 1 else ''} in {quote(table.name)}"
            for (height, width, channels), table in shapes.items()
        )
        raise InvalidArchive(f"its tables have images of different sizes: {listed}; pack those of one size")
    images = label_row_images(job, pixels.tables, listing, heartbeat)
    guessed = chain.from_iterable(table.warnings for table in pixels.tables)
    return images._replace(
        warnings=(*pixels.warnings, *guessed, *images.warnings),
        ignored_files=listing.ignored_files + len(listing.images) + len(pixels.warnings) + pixels.others,
    )


def _about_copy(name: str, original: str) -> str:
    return f"{quote(name)} is a copy of {quote(original)}, byte by byte, and is left out"
