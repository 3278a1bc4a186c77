import json
import signal
import subprocess
import sys

from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi

ID = samples.ID
DELETED = f'event: deleted\nid: 1-0\ndata: {{"experiment_id": "{ID}"}}\n\n'


def test_events_are_lines_until_interrupted(api: CannedApi) -> None:
    api.on("GET", "/events", Answer(DELETED))
    command = [sys.executable, "-m", "trainyard", "events", ID, "--since", "0-1", "--url", api.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        eventually(lambda: len(api.requests("GET", "/events")) > 1)
        following.send_signal(signal.SIGINT)
        lines, _ = following.communicate(timeout=PATIENCE_SECONDS)
    assert following.returncode == 130
    first = json.loads(lines.splitlines()[0])
    assert first == {"event": "deleted", "id": "1-0", "data": {"experiment_id": ID}}
