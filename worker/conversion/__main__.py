"""`python -m worker.conversion EVENTS_FD SUPERVISOR_PID`: convert one uploaded dataset."""

import errno
import resource

from archives.errors import InvalidArchive
from models_store.datasets.record import Contents, FilesDone
from models_store.jobs.failure import Failure
from worker.conversion.convert import convert
from worker.jobs.channel import Channel, connect
from worker.jobs.messages import Advanced, ConversionJob, Failed, Finished

# Anyone may upload: the largest image takes a few hundred MB to decode, a legitimate archive minutes.
MEMORY_BYTES = 2_000_000_000
CPU_SECONDS = 3_600


def limit_resources(job: ConversionJob) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * job.limits.bytes, 2 * job.limits.bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(job: ConversionJob, channel: Channel) -> Finished[Contents] | Failed:
    """Convert. No further attempt would do better after a failure."""

    def advance(progress: FilesDone) -> None:
        channel.report(Advanced(progress=progress))

    try:
        return Finished(result=convert(job, advance))
    except InvalidArchive as error:
        return _failed(str(error))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            failure = Failure(type="disk_full", message=f"disk full: {error}; free some space, then upload it again")
            return Failed(failure=failure)
        return _failed(f"the archive cannot be read: {error}")
    except MemoryError:
        return _failed(f"reading it takes more than {MEMORY_BYTES:,} bytes of memory, unlike any legitimate archive")


def _failed(message: str) -> Failed:
    return Failed(failure=Failure(type="dataset_unavailable", message=message))


def main() -> None:
    with connect() as channel:
        job = channel.receive(ConversionJob)
        if job is not None:
            limit_resources(job)
            channel.report(run(job, channel))


if __name__ == "__main__":
    main()
