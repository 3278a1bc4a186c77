import io

from api.wire.spool import Spool, spooled_members
from archives.member import Limits
from tests.archives.test_reader import FILES


def test_spool_returns_the_files_written_to_it() -> None:
    file = io.BytesIO()
    spool = Spool(file)
    for name, content in FILES.items():
        spool.begin(name)
        for start in range(0, len(content), 70_000):
            spool.write(content[start : start + 70_000])
        spool.end()

    members = spooled_members(file, Limits(entries=100, bytes=10_000_000, file_bytes=1_000_000))

    assert {member.name: member.read() for member in members} == FILES
