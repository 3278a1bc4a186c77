"""`python -m worker.conversion PARENT`: read one job on standard input, convert, say on standard output how it goes."""

import errno
import os
import resource
import sys

from archives.errors import InvalidArchive
from models_store.datasets.record import FilesDone
from worker.conversion.convert import convert
from worker.conversion.messages import Advanced, ConversionEvent, ConversionJob, Converted, Rejected
from worker.jobs.parent_death import die_with_parent

# Decoding what anybody may have sent: the largest image takes a few hundred MB, an honest archive minutes.
MEMORY_BYTES = 2_000_000_000
CPU_SECONDS = 3_600


def limit(job: ConversionJob) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * job.limits.bytes, 2 * job.limits.bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def say(event: ConversionEvent) -> None:
    os.write(sys.stdout.fileno(), event.model_dump_json().encode() + b"\n")


def advance(progress: FilesDone) -> None:
    say(Advanced(progress=progress))


def rejection(error: OSError) -> Rejected:
    """What stopped the reading or the writing: no further attempt would do better before somebody has seen to it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Rejected(reason=f"disk full: {error}; free some space, then upload it again")
    return Rejected(reason=f"the archive cannot be read: {error}")


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    told = ConversionJob.model_validate_json(sys.stdin.buffer.readline())
    limit(told)
    try:
        say(Converted(contents=convert(told, advance)))
    except InvalidArchive as error:
        say(Rejected(reason=str(error)))
    except OSError as error:
        say(rejection(error))
    except MemoryError:
        say(Rejected(reason=f"reading it takes more than {MEMORY_BYTES:,} bytes of memory, as no honest archive does"))
