"""No answer tells anything of results on a hidden test split.

Two services have the same store, except for what came out on the test splits: whatever is asked, the answers are the
same. That covers images, archives and error messages as well, in which one cannot search for numbers.
"""

import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from models_store import artifacts
from models_store.artifacts import ARTIFACTS
from models_store.evaluations.store import EVALUATIONS, RESULT
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.log import LOG_FILE
from models_store.store import Store, open_store
from settings import Settings
from specs.dataset import DATASETS
from specs.evaluation import parse_evaluation
from specs.experiment import parse_spec
from specs.splits import SPLITS
from specs.sweep import parse_sweep
from tests.support.api import ApiClient
from tests.support.contract import JsonObject, Operation
from tests.support.every_answer import LIVE, PLOTS, get, targets
from tests.support.noise import noisy_digits
from tests.support.published import bright_column_network, publish, results_on
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey
from tests.support.waiting import eventually
from worker.evaluation.evaluate import Results
from worker.jobs.supervisor import Supervisor

SIZES = re.compile(rb'"(removed_)?bytes":\d+')


def with_test_results(results: Results, other: Results) -> Results:
    """`results` with those of `other` on the test split."""
    return results._replace(
        evaluations={**results.evaluations, "test": other.evaluations["test"]},
        predictions={**results.predictions, "test": other.predictions["test"]},
    )


@pytest.fixture
def first(store: Store, settings: Settings, tiny_document: JsonObject) -> JsonObject:
    """A store on which everything was done that has results; what to ask it for."""
    digits = DATASETS["digits"]
    base = publish(store, parse_spec(tiny_document), results=results_on(digits, 0.8))
    better = publish(
        store, parse_spec({**tiny_document, "based_on": base.id}), val_accuracy=0.95, results=results_on(digits, 0.9)
    )
    again = publish(
        store,
        parse_spec(tiny_document),
        results=results_on(digits, 0.8, seed=5),
        network=bright_column_network(1),
        reproduces=base.id,
    )
    for each in (base, better, again):
        log = "\n".join(
            f"x epoch 2 is published: test_loss {value:.5g}" for value in each.test_metrics.values() if value
        )
        (store.experiments.folder(each.id) / LOG_FILE).write_text(f"epoch 1\n{log}, test_accuracy 0.8\n")
    with store.experiments.lock(base.id) as record:
        store.experiments.write(record.replace(group=base.id, repeats=1))
    worker = Supervisor(store, settings, "test:1", lambda: False)
    with store.datasets.receive_archive() as archive:
        archive.write(noisy_digits(("7", "2", "5"), train=8, test=4))
        store.datasets.add("noise", archive)
    worker.convert("noise")
    store.evaluations.add(base.id, parse_evaluation({"dataset": "noise"}, store.known_datasets()))
    worker.evaluate(base.id, "noise")
    sizes = {"$search": {"choice": [16, 32]}}
    experiment = {**tiny_document, "training": {**tiny_document["training"], "batch_size": sizes}}
    sweep = store.sweeps.create(parse_sweep({"name": "sizes", "trials": 2, "experiment": experiment}))
    store.sweeps.cancel(sweep.id)
    for name in ("digits", "noise"):
        store.datasets.hide_test(name)
    return {
        "experiment_id": [base.id, better.id, again.id],
        "dataset": ["noise", "digits"],
        "name": ["digits", "noise"],
        "model": ["digits"],
        "split": list(SPLITS),
        "index": ["41", "7"],
        "sweep_id": [sweep.id],
        "group_id": [base.id],
        "number": ["0"],
        "prediction_id": ["none"],
        "webhook_id": ["none"],
        "key_id": ["none"],
        "class_name": ["none"],
        "handle": ["none"],
        "assignment_id": ["none"],
        "ids": [f"{base.id},{better.id}"],
        **PLOTS,
    }


def change_test_results(root: Path, ids: list[str]) -> None:
    """As if the networks of these experiments had other answers to all samples of test splits, and no others."""
    digits = DATASETS["digits"]
    for number, each in enumerate(ids):
        folder = root / "experiments" / each
        before = (results_on(digits, 0.8), results_on(digits, 0.9), results_on(digits, 0.8, seed=5))[number]
        results = with_test_results(before, results_on(digits, 0.5 - number / 10, seed=40 + number))
        results.write(folder / ARTIFACTS)
        artifacts.write_manifest(folder / ARTIFACTS)
        record = orjson.loads((folder / RECORD_FILE).read_bytes())
        record["test_metrics"] = results.summary("test")
        (folder / RECORD_FILE).write_bytes(orjson.dumps(record))
        log = (folder / LOG_FILE).read_text()
        (folder / LOG_FILE).write_text(log.replace("test_accuracy 0.8", "test_accuracy 1e-05"))
    result = root / "experiments" / ids[0] / EVALUATIONS / "noise" / RESULT
    evaluation = orjson.loads((result / artifacts.EVALUATION_FILE).read_bytes())
    evaluation["accuracy"] = evaluation["loss"] = 0.123
    (result / artifacts.EVALUATION_FILE).write_bytes(orjson.dumps(evaluation))
    with np.load(result / "predictions-all.npz") as arrays:
        stored = dict(arrays)
    stored["predicted"] = np.roll(stored["predicted"], 1)
    np.savez(result / "predictions-all.npz", allow_pickle=False, **stored)
    artifacts.write_manifest(result)
    record_file = result.parent / "record.json"
    record = orjson.loads(record_file.read_bytes())
    record_file.write_bytes(orjson.dumps({**record, "metrics": dict.fromkeys(record["metrics"], 0.123)}))


Answers = dict[str, tuple[int, bytes]]


def ask(settings: Settings, values: JsonObject, only: Collection[str] | None = None) -> Answers:
    """Everything, or these questions."""
    with ApiClient(settings) as client:
        eventually(lambda: client.get("/experiments").is_success)
        eventually(lambda: client.get("/v2/models/digits/ready").is_success)
        if only is None:
            only = [target for operation in gets(client) for target in targets(operation, values)]
            return questions(client, only) | posts(client, values)
        return questions(client, only)


def gets(client: ApiClient) -> list[Operation]:
    return [each for each in client.contract.operations() if each.method == "get" and each.name not in LIVE]


def questions(client: ApiClient, asked: Collection[str]) -> Answers:
    found = {target: get(client, target) for target in asked}
    return {target: (answer.status_code, answer.content) for target, answer in found.items()}


def posts(client: ApiClient, values: JsonObject) -> Answers:
    """Of routes that are asked by POST and of those that change something; without what they make up, as new ids."""
    base = values["experiment_id"][0]
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/experiments:prune?keep_newest=0&dry_run=true", None),
        ("POST", "/v1/models/digits:predict", {"instances": [[[[0]] * 8] * 8]}),
        ("POST", "/predict?dataset=digits", {"image": "aGVsbG8="}),
        ("POST", f"/experiments/{base}/samples/test/41/label", {"label": "7"}),
        ("POST", f"/experiments/{base}/evaluations", {"dataset": "digits"}),
        *(("POST", f"/experiments/{base}:{verb}", None) for verb in ("cancel", "stop", "retry")),
        ("PATCH", f"/experiments/{base}", {"star": True}),
        ("PATCH", "/datasets/digits", {"hide_test": False}),
        ("PUT", "/models/serving/digits", {"policy": "best"}),
        ("DELETE", "/datasets/noise", None),
    ]
    answers = {}
    for method, target, document in asked:
        answer = client.request(method, target, json=document) if document else client.request(method, target)
        # Sizes of folders are known to the administrator of the disk.
        answers[f"{method} {target}"] = (answer.status_code, SIZES.sub(b"", answer.content))
    return answers


@pytest.fixture
def both(
    store: Store, first: JsonObject, settings: Settings, tmp_path: Path, valkey: Valkey
) -> tuple[Settings, Settings]:
    store.close()
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "store", other, copy_function=shutil.copy2)
    change_test_results(other, first["experiment_id"])
    first["file"] = ["evaluation.json", "predictions-test.npz", "manifest.json", RECORD_FILE, LOG_FILE, "model.onnx"]
    return settings, settings.model_copy(update={"store_dir": other})


def test_answers_do_not_depend_on_hidden_results(
    both: tuple[Settings, Settings], first: JsonObject, valkey: Valkey
) -> None:
    found = []
    for settings in both:
        with valkey.client() as redis:
            redis.flushall()
        found.append(ask(settings, first))

    one, other = found
    assert one.keys() == other.keys()
    moving = {target for target in one if target.startswith(("/models/promotions", "/models/traffic", "/v2/"))}
    assert [target for target in one if target not in moving and one[target] != other[target]] == []
    answered = {target for target, (status, *_) in one.items() if status == 200}
    assert len(answered) > 60
    assert f"/experiments/{first['experiment_id'][0]}/report.html" in answered
    assert f"/models/{first['experiment_id'][0]}/bundle.zip" in answered


def test_same_questions_tell_revealed_results(
    both: tuple[Settings, Settings], first: JsonObject, valkey: Valkey, make_store: Callable[[Settings], Store]
) -> None:
    """The test above can fail. What must differ is asked of both stores, everything of one of them."""
    base = first["experiment_id"][0]
    telling = (
        "/experiments",
        f"/experiments/{base}",
        f"/experiments/{base}/evaluation",
        f"/experiments/{base}/evaluations/noise",
        f"/experiments/{base}/mistakes",
        f"/experiments/{base}/mistakes.png",
        f"/experiments/{base}/plots/confusion.svg",
        f"/experiments/{base}/report.md",
        f"/experiments/{base}/log",
        f"/experiments/{base}/tensorboard",
        f"/experiments/{base}/lineage",
        f"/groups/{base}",
        f"/experiments/{base}/files/predictions-test.npz",
        f"/models/{base}/bundle.zip",
        f"/compare?ids={first['ids'][0]}&split=test",
        f"/experiments/{first['experiment_id'][2]}/reproduction",
        "/models",
        "/models/best",
    )
    for settings in both:
        store = make_store(settings)
        for name in ("digits", "noise"):
            store.datasets.reveal_test(name)
        store.close()
    found = []
    for settings, only in zip((*both, both[0]), (telling, telling, None), strict=True):
        with valkey.client() as redis:
            redis.flushall()
        found.append(ask(settings, first, only))

    one, other, whole = found
    assert [target for target in telling if one[target] == other[target]] == []
    assert len([target for target, (status, _) in whole.items() if status == 200]) > 60


@pytest.fixture
def make_store() -> Callable[[Settings], Store]:
    return lambda settings: open_store(settings.store_dir, settings.redis_url, LEASE_SECONDS, 3, "test")
