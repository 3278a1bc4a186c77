import signal
import subprocess
import sys

from tests.support.waiting import eventually
from tests.trainyard.canned_api import Answer, CannedApi, a_record, epoch_event

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


def test_an_interrupted_watch_says_that_the_experiment_goes_on(api: CannedApi) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(a_record(ID)))
    api.on("GET", f"/experiments/{ID}/events", Answer(epoch_event(0, loss=1.0)))
    command = [sys.executable, "-m", "trainyard", "watch", ID, "--url", api.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        eventually(lambda: len(api.requests("GET", f"/experiments/{ID}/events")) > 1)
        watching.send_signal(signal.SIGINT)
        _, complaint = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert complaint == f"trainyard: the experiment goes on; watch it again with: trainyard watch {ID}\n"
