import subprocess
import sys

from models_store.jobs.queue import HARD_LIMIT_SECONDS
from specs import limits


def test_importing_the_worker_loads_no_tensorflow() -> None:
    code = "import sys, worker.app; print([m for m in ('tensorflow', 'keras', 'sklearn', 'api') if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_hard_limit_is_above_every_budget() -> None:
    assert HARD_LIMIT_SECONDS > limits.MINUTES * 60


def test_settings_of_the_queue_survive_long_tasks_and_lost_connections() -> None:
    code = (
        "from worker.app import app; c = app.conf; o = c.broker_transport_options;"
        "print(c.task_acks_late, c.task_reject_on_worker_lost, c.task_retry_on_worker_lost, c.task_ignore_result,"
        " c.accept_content, c.result_backend, c.worker_prefetch_multiplier,"
        " o['visibility_timeout'] > c.task_time_limit, o['socket_timeout'] is not None)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["True", "False", "True", "True", "['json']", "None", "1", "True", "True"]
