import subprocess
import sys

from celery import Celery

from models_store.jobs.queue import CONVERSION, EVALUATION, HARD_LIMIT_SECONDS, SWEEP, TRAINING
from settings import Settings
from specs import limits
from worker.app import create_app


def printed_by(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_import_of_worker_loads_what_it_needs() -> None:
    heavy = "('tensorflow', 'keras', 'sklearn', 'scipy', 'api')"
    code = f"import sys, worker.app; print([m for m in {heavy} if m in sys.modules])"
    assert printed_by(code) == "[]"


def test_import_of_worker_does_nothing() -> None:
    """Settings that are invalid, and signals without receivers, show that neither is touched."""
    code = (
        "import os; os.environ['TRAINYARD_LEASE_SECONDS'] = 'many';"
        "import worker.app; from celery import signals;"
        "print('app' in vars(worker.app), signals.worker_process_init.receivers, signals.worker_ready.receivers)"
    )
    assert printed_by(code) == "False [] []"


def test_celery_finds_one_app_by_module_name() -> None:
    code = (
        "from celery.app.utils import find_app; import worker.app;"
        "app = find_app('worker.app'); print(type(app).__name__, app is worker.app.app)"
    )
    assert printed_by(code) == "Celery True"


def test_app_has_a_task_for_each_kind_of_job() -> None:
    app: Celery = create_app(Settings())
    own = {name for name in app.tasks if not name.startswith("celery.")}
    assert own == {TRAINING.task, CONVERSION.task, EVALUATION.task, SWEEP.task}


def test_no_app_takes_the_tasks_of_others() -> None:
    """Celery's tasks are shared by default: a later application would run those of the first one."""
    apps = [create_app(Settings()) for _ in range(3)]
    for kind in (TRAINING, CONVERSION, EVALUATION, SWEEP):
        assert [app.tasks[kind.task].app for app in apps] == apps
        assert len({app.tasks[kind.task].run for app in apps}) == len(apps)


def test_hard_limit_is_above_every_budget() -> None:
    assert HARD_LIMIT_SECONDS > limits.MINUTES * 60


def test_queue_settings_survive_long_tasks() -> None:
    conf = create_app(Settings()).conf
    options = conf.broker_transport_options
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.task_retry_on_worker_lost) == (True, False, True)
    assert (conf.task_ignore_result, conf.accept_content, conf.result_backend) == (True, ["json"], None)
    assert conf.worker_prefetch_multiplier == 1
    assert options["visibility_timeout"] > conf.task_time_limit
    assert options["socket_timeout"] is not None
