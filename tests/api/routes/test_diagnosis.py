from collections.abc import Callable

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Record
from models_store.jobs.failure import Failure
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.analysis.diagnosis.training_runs import points
from tests.support.api import ApiClient
from tests.support.published import publish

TinySpec = Callable[..., ExperimentSpec]


def rules(client: ApiClient, experiment_id: str) -> list[str]:
    answer = client.get(f"/experiments/{experiment_id}/diagnosis")
    assert answer.status_code == 200, answer.text
    return [finding["rule"] for finding in answer.json()["items"]]


def start(store: Store, spec: ExperimentSpec) -> tuple[Record, TrainingClaim]:
    record = store.experiments.create(spec)
    claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1")
    assert claim is not None
    claim.begin_history([])
    return record, claim


def test_queued_experiment_is_too_early_to_judge(client: ApiClient, api_store: Store, tiny_spec: TinySpec) -> None:
    record = api_store.experiments.create(tiny_spec())
    assert rules(client, record.id) == ["too-early"]


def test_running_experiment_has_a_diagnosis(client: ApiClient, api_store: Store, tiny_spec: TinySpec) -> None:
    record, claim = start(api_store, tiny_spec(epochs=20))
    for point in points([2.303] * 4, val_accuracy=[0.1] * 4):
        claim.append(point)
    assert rules(client, record.id) == ["not-learning"]


def test_failed_experiment_has_diverged(client: ApiClient, api_store: Store, tiny_spec: TinySpec) -> None:
    record, claim = start(api_store, tiny_spec(optimizer={"type": "SGD", "learning_rate": 5.0}))
    claim.append(points([None])[0])
    claim.fail(Failure(type="diverged", message="the loss became nan in epoch 0"))
    (finding,) = client.get(f"/experiments/{record.id}/diagnosis").json()["items"]
    assert (finding["rule"], finding["severity"]) == ("diverged", "problem")
    change = {"training": {"optimizer": {"type": "SGD", "learning_rate": 0.5}}}
    assert finding["suggestion"]["patch"] == {"based_on": record.id, **change}


def test_succeeded_experiment_is_diagnosed(client: ApiClient, api_store: Store, tiny_spec: TinySpec) -> None:
    record = publish(api_store, tiny_spec(epochs=8), epochs=8)
    answer = client.get(f"/experiments/{record.id}/diagnosis").json()
    assert answer["next_cursor"] is None
    assert [each["rule"] for each in answer["items"]] == ["not-converged"]


def test_deleted_dataset_is_not_found(client: ApiClient, api_store: Store, tiny_spec: TinySpec) -> None:
    record = api_store.experiments.create(tiny_spec())
    api_store.experiments.write(record.replace(dataset="leaves"))
    answer = client.get(f"/experiments/{record.id}/diagnosis")
    assert (answer.status_code, "dataset leaves" in answer.json()["detail"]) == (404, True)
