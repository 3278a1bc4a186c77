"""Parquet files, opened within the memory of a conversion, and read as tables of text."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from archives.errors import InvalidArchive
from archives.names import quote
from worker.conversion.labels import clean
from worker.conversion.members import FoundFile, ParquetFile
from worker.conversion.tables import Line

_ROWS = 1_000
_BUFFER_BYTES = 1 << 20


@contextmanager
def open_parquet(file: ParquetFile) -> Iterator[pq.ParquetFile]:
    """Raises InvalidArchive, also for errors within the block."""
    # The address space is limited: pools reserve some for each thread, and a column is not read at once.
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_io_thread_count(1)
    try:
        with pq.ParquetFile(file.path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as table:
            yield table
    except MemoryError as error:
        raise InvalidArchive(
            f"a part of {quote(file.name)} takes more memory than a conversion has; write it in smaller row groups, as "
            "with row_group_size=100"
        ) from error
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        raise InvalidArchive(f"{quote(file.name)} cannot be read as parquet: {str(error)[:200]}") from error


class ParquetTable:
    """The columns of text and numbers; rows count from 1."""

    def __init__(self, path: Path, file: FoundFile) -> None:
        self.file = file
        self._source = ParquetFile(path, file.name)

    def lines(self) -> Iterator[Line]:
        with open_parquet(self._source) as table:
            names = [field.name for field in table.schema_arrow if not pa.types.is_nested(field.type)]
            yield Line(0, list(map(clean, names)))
            numbers = count(1)
            for batch in table.iter_batches(batch_size=_ROWS, columns=names, use_threads=False):
                for row in batch.to_pylist():
                    yield Line(next(numbers), [text_of(row[name]) for name in names])


def text_of(value: Any) -> str:
    """Empty for what is missing. Whole numbers have no point: pandas writes one if some are missing."""
    if value is None or isinstance(value, bytes) or (isinstance(value, float) and math.isnan(value)):
        return ""
    return clean(str(int(value) if isinstance(value, float) and value.is_integer() else value))
