"""Comparisons of experiments over HTTP."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from analysis.metrics import compute_metrics
from models_store.evaluations.predictions import Predictions, predictions_file
from models_store.experiments.record import Record
from models_store.store import Store
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.published import publish, results_on
from worker.evaluation.evaluate import Results

Document = dict[str, Any]
DIGITS = DATASETS["digits"]
# Of fifty samples the first forty are right, or the first forty-six; a wrong one is taken for the next digit.
POOR, GOOD = results_on(DIGITS, 0.8), results_on(DIGITS, 0.92, seed=1)


def with_test_answers(results: Results, change: Callable[[Predictions], Predictions]) -> Results:
    """With other answers to the test split."""
    return results._replace(predictions={**results.predictions, "test": change(results.predictions["test"])})


def take(answers: Predictions, rows: NDArray[np.int64]) -> Predictions:
    """Those of `rows`, without images."""
    return Predictions(
        samples=answers.samples[rows],
        truth=answers.truth[rows],
        predicted=answers.predicted[rows],
        probabilities=answers.probabilities[rows],
        image_rows=answers.image_rows[:0],
        images=answers.images[:0],
    )


def guessing(guesses: NDArray[np.int64]) -> Results:
    return with_test_answers(POOR, lambda answers: answers._replace(predicted=guesses))


@pytest.fixture
def poor(api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Record:
    return publish(api_store, tiny_spec("poor"), results=POOR)


@pytest.fixture
def publish_another(api_store: Store, tiny_document: Document) -> Callable[[Results, Document], Record]:
    def make(results: Results, changes: Document) -> Record:
        return publish(api_store, parse_spec({**tiny_document, "name": "other", **changes}), results=results)

    return make


@pytest.fixture
def good(api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Record:
    return publish(api_store, tiny_spec("good", epochs=5), epochs=3, results=GOOD)


def comparison(client: ApiClient, *records: Record, query: str = "") -> Document:
    answer = client.get(f"/compare?ids={','.join(record.id for record in records)}{query}")
    assert answer.status_code == 200, answer.text
    document: Document = answer.json()
    return document


def rejection(client: ApiClient, *records: Record) -> str:
    answer = client.get(f"/compare?ids={','.join(record.id for record in records)}")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:trainyard:problem:not_comparable")
    return str(answer.json()["detail"])


def test_comparison_has_specs_and_metrics_side_by_side(client: ApiClient, poor: Record, good: Record) -> None:
    answer = comparison(client, poor, good)

    assert (answer["split"], answer["dataset"], answer["samples"]) == ("test", "digits", 50)
    first, other = answer["experiments"]
    assert (first["patch"], first["changed"]) == ([], "")
    assert other["changed"] == "training.epochs: 2 -> 5"
    assert other["patch"] == [
        {"op": "replace", "path": "/name", "value": "good"},
        {"op": "replace", "path": "/training/epochs", "value": 5},
    ]
    for shown, record, results in ((first, poor, POOR), (other, good, GOOD)):
        evaluation = results.evaluations["test"]
        assert (shown["id"], shown["name"], shown["parameters"]) == (record.id, record.name, 650)
        assert {name: shown[name] for name in ("loss", "accuracy", "top_3_accuracy")} == {
            name: getattr(evaluation, name) for name in ("loss", "accuracy", "top_3_accuracy")
        }
        assert shown["macro_f1"] == evaluation.macro.f1
        assert shown["calibration_error"] == evaluation.calibration.error
        low, high = shown["accuracy_interval"]
        assert low < shown["accuracy"] < high
    assert (first["epochs"], other["epochs"]) == (2, 3)
    listed = {each["id"]: each for each in client.get("/experiments?fields=summary").json()["items"]}
    assert first["seconds"] == listed[poor.id]["seconds"] == poor.seconds
    assert other["seconds"] == listed[good.id]["seconds"] == good.seconds
    assert answer["confusion_matrices"]["matrices"] == [
        [list(row) for row in results.evaluations["test"].confusion_matrix.matrix] for results in (POOR, GOOD)
    ]
    assert answer["confusion_matrices"]["labels"] == list(DIGITS.classes)
    assert answer["curves"]["epoch"] == [0, 1, 2]
    assert answer["curves"]["history"]["loss"] == [[1.0, 0.5], [1.0, 0.5, 1 / 3]]


def test_pair_has_flips_and_significance(client: ApiClient, poor: Record, good: Record) -> None:
    [pair] = comparison(client, poor, good)["pairs"]

    assert (pair["first"], pair["other"]) == (poor.id, good.id)
    assert pair["difference"] == pytest.approx(0.12)
    assert (pair["fixed"]["total"], pair["regressed"]["total"]) == (6, 0)
    assert pair["p"] == pytest.approx(binomtest(6, 6).pvalue)
    low, high = pair["difference_interval"]
    assert 0 < low < 0.12 < high
    # Forty that both got right, and four that both took for the same wrong digit.
    assert pair["same_answer"] == 44
    assert pair["verdict"].startswith("good is better than poor by 12.00 points, 95 % interval ")
    assert pair["verdict"].endswith("p = 0.0312; it fixed 6 of poor's errors and regressed on none")


def test_flips_begin_with_the_most_confident_error(client: ApiClient, poor: Record, good: Record) -> None:
    [pair] = comparison(client, poor, good)["pairs"]
    [mirrored] = comparison(client, good, poor)["pairs"]

    fixed = pair["fixed"]["items"]
    assert {item["index"] for item in fixed} == set(range(40, 46))
    confidences = [item["first"]["probability"] for item in fixed]
    assert confidences == sorted(confidences, reverse=True)
    for item in fixed:
        row = item["index"]
        assert item["sample"] == 100 + row
        assert item["true"] == {"label": str(row % 10), "index": row % 10}
        assert (item["first"]["index"], item["other"]["index"]) == ((row + 1) % 10, row % 10)
        assert item["other"]["probability"] == GOOD.predictions["test"].probabilities[row, row % 10]
        assert item["image"] == f"/experiments/{poor.id}/samples/test/{row}.png"
    assert client.get(fixed[0]["image"]).headers["content-type"] == "image/png"
    swapped = [{**item, "first": item["other"], "other": item["first"]} for item in fixed]
    assert mirrored["regressed"]["items"] == swapped
    assert mirrored["fixed"] == {"items": [], "total": 0}


def test_limit_bounds_the_listed_flips(client: ApiClient, poor: Record, good: Record) -> None:
    whole, two, none = (
        comparison(client, poor, good, query=query)["pairs"][0]["fixed"] for query in ("", "&limit=2", "&limit=0")
    )
    assert two == {"items": whole["items"][:2], "total": 6}
    assert none == {"items": [], "total": 6}


def test_comparison_on_another_split(client: ApiClient, poor: Record, good: Record) -> None:
    answer = comparison(client, poor, good, query="&split=validation")

    assert answer["split"] == "validation"
    assert [each["accuracy"] for each in answer["experiments"]] == [0.9, 1.0]
    assert {item["sample"] for item in answer["pairs"][0]["fixed"]["items"]} == set(range(95, 100))


def test_samples_in_another_order_are_aligned(
    client: ApiClient, poor: Record, good: Record, publish_another: Callable[[Results, Document], Record]
) -> None:
    order = np.random.default_rng(3).permutation(50)

    def shuffle(answers: Predictions) -> Predictions:
        rows = np.argsort(order)[answers.image_rows]
        by_row = np.argsort(rows)
        return take(answers, order)._replace(image_rows=rows[by_row], images=answers.images[by_row])

    other = publish_another(with_test_answers(GOOD, shuffle), {})

    [pair], [expected] = comparison(client, poor, other)["pairs"], comparison(client, poor, good)["pairs"]
    assert pair["fixed"] == expected["fixed"]
    assert (pair["p"], pair["difference_interval"]) == (expected["p"], expected["difference_interval"])
    # The image of a regression is kept in the order of the second one.
    regressed = comparison(client, good, publish_another(with_test_answers(POOR, shuffle), {}))["pairs"][0][
        "regressed"
    ]["items"]
    kept = POOR.predictions["test"]
    assert len(regressed) == 6
    for item in regressed:
        row = int(item["image"].rsplit("/", 1)[1].removesuffix(".png"))
        assert kept.samples[order[row]] == item["sample"]


def test_each_experiment_is_compared_with_the_first(
    client: ApiClient, poor: Record, good: Record, publish_another: Callable[[Results, Document], Record]
) -> None:
    truth = POOR.predictions["test"].truth
    hopeless = publish_another(guessing((truth + 1) % 10), {"name": "hopeless"})

    answer = comparison(client, good, poor, hopeless)

    assert [each["name"] for each in answer["experiments"]] == ["good", "poor", "hopeless"]
    assert [(pair["first"], pair["other"]) for pair in answer["pairs"]] == [(good.id, poor.id), (good.id, hopeless.id)]
    assert answer["pairs"][1]["verdict"].startswith("hopeless is worse than good by 92.00 points")
    assert "p < 0.001" in answer["pairs"][1]["verdict"]
    assert len(answer["curves"]["history"]["loss"]) == len(answer["confusion_matrices"]["matrices"]) == 3


def test_same_network_twice_shows_no_difference(
    client: ApiClient, poor: Record, publish_another: Callable[[Results, Document], Record]
) -> None:
    twin = publish_another(POOR, {"name": "poor"})

    answer = comparison(client, poor, twin)

    [pair] = answer["pairs"]
    assert (pair["p"], pair["difference"], pair["difference_interval"]) == (1.0, 0.0, [0.0, 0.0])
    assert pair["same_answer"] == 50
    one, other = f"poor ({poor.id[-4:]})", f"poor ({twin.id[-4:]})"
    assert [each["name"] for each in answer["experiments"]] == [one, other]
    assert pair["verdict"] == f"no significant difference: {other} is right and wrong about the same samples as {one}"


def test_features_have_no_images(client: ApiClient, api_store: Store) -> None:
    blobs, spec = DATASETS["blobs"], parse_spec({"model": {"preset": "blobs-mlp"}, "dataset": {"name": "blobs"}})
    records = [publish(api_store, spec, results=results_on(blobs, accuracy)) for accuracy in (0.5, 0.8)]

    [pair] = comparison(client, *records)["pairs"]

    assert pair["fixed"]["total"] == 15
    assert {item["image"] for item in pair["fixed"]["items"]} == {None}
    noisier = parse_spec({**spec.document(), "dataset": {"name": "blobs", "blobs": {"cluster_std": 3.0}}})
    third = publish(api_store, noisier, results=results_on(blobs))
    assert "different blobs: give both the same `dataset.blobs`" in rejection(client, records[0], third)


def test_comparison_across_datasets_is_rejected(client: ApiClient, poor: Record, api_store: Store) -> None:
    other = publish(api_store, parse_spec({"model": {"preset": "mnist-dnn"}, "dataset": {"name": "mnist"}}))

    assert rejection(client, poor, other) == (
        "poor is on digits, mnist-dnn on mnist: only experiments on one dataset can be compared"
    )


def test_different_classes_are_compared_on_common_ones(
    client: ApiClient, poor: Record, publish_another: Callable[[Results, Document], Record]
) -> None:
    some = DIGITS.with_classes(("5", "3"))
    answers = POOR.predictions["test"]
    rows = np.flatnonzero(np.isin(answers.truth, [3, 5]))[1:]  # one sample is not in this split
    truth = (answers.truth[rows] == 3).astype(np.int64)
    probabilities = np.full((len(rows), 2), 0.25, dtype=np.float16)
    probabilities[np.arange(len(rows)), truth] = 0.75  # all are right
    changed = Predictions(
        answers.samples[rows], truth, truth, probabilities, answers.image_rows[:0], answers.images[:0]
    )
    results = with_test_answers(results_on(some), lambda _: changed)
    other = publish_another(results, {"dataset": {"name": "digits", "classes": ["5", "3"]}})

    compared = client.get(f"/compare?ids={poor.id},{other.id}&limit=50").json()

    assert compared["samples"] == len(rows)
    assert "compared on the 2 common ones (3, 5)" in compared["note"]
    assert compared["confusion_matrices"]["labels"] == ["3", "5"]
    among = answers.probabilities[rows][:, [3, 5]].astype(float)
    right = among.argmax(axis=1) == (answers.truth[rows] == 5)
    first, second = compared["experiments"]
    assert (first["accuracy"], second["accuracy"]) == (pytest.approx(right.mean()), 1.0)
    assert second["loss"] == pytest.approx(-np.log(0.75), abs=1e-3)
    assert second["calibration_error"] == pytest.approx(0.25, abs=1e-3)
    fixed = compared["pairs"][0]["fixed"]
    assert fixed["total"] == np.count_nonzero(~right)
    assert {flip["index"] for flip in fixed["items"]} == set(rows[~right].tolist())
    again = client.get(f"/compare?ids={other.id},{poor.id}").json()
    assert again["confusion_matrices"]["labels"] == ["5", "3"]
    assert again["pairs"][0]["regressed"]["total"] == fixed["total"]


def test_order_of_classes_does_not_matter(
    client: ApiClient, api_store: Store, publish_another: Callable[[Results, Document], Record]
) -> None:
    """Two networks that give the same answers, whose classes are ordered differently."""
    some = results_on(DIGITS.with_classes(("5", "3", "7")), 0.6)
    order = np.array([2, 0, 1])  # 7, 5, 3
    places = np.argsort(order)
    answers = some.predictions["test"]
    evaluation = compute_metrics(
        answers.probabilities[:, order], places[answers.truth], ("7", "5", "3"), places[answers.predicted]
    )
    other = with_test_answers(
        some._replace(
            evaluations={**some.evaluations, "test": some.evaluations["test"].model_copy(update=dict(evaluation))}
        ),
        lambda _: answers._replace(
            truth=places[answers.truth],
            predicted=places[answers.predicted],
            probabilities=answers.probabilities[:, order],
        ),
    )
    records = [
        publish_another(results, {"dataset": {"name": "digits", "classes": list(classes)}})
        for results, classes in ((some, "537"), (other, "753"))
    ]

    answer = comparison(client, *records)

    assert (answer["note"], answer["samples"]) == (None, 50)
    assert answer["confusion_matrices"]["labels"] == ["5", "3", "7"]
    first, second = answer["confusion_matrices"]["matrices"]
    assert first == second == [list(row) for row in some.evaluations["test"].confusion_matrix.matrix]
    [pair] = answer["pairs"]
    assert (pair["same_answer"], pair["fixed"]["total"], pair["regressed"]["total"]) == (50, 0, 0)
    elsewhere = publish_another(
        with_test_answers(other, lambda kept: kept._replace(samples=kept.samples + 10)),
        {"dataset": {"name": "digits", "classes": ["7", "5", "3"]}},
    )
    assert "`dataset.limit_per_class`, and `dataset.classes` in the same order, to" in rejection(
        client, records[0], elsewhere
    )


def test_macro_mean_is_of_classes_with_common_samples(
    client: ApiClient, publish_another: Callable[[Results, Document], Record]
) -> None:
    """Class 7 is common, but there is no sample of it."""
    records = []
    for seed, classes in enumerate(("3579", "7350")):
        results = results_on(DIGITS.with_classes(tuple(classes)), seed=seed)
        answers = results.predictions["test"]
        truth = np.array([classes.index(str(3 + 2 * (number % 2))) for number in range(50)])
        changed = take(answers, np.arange(50))._replace(truth=truth, probabilities=answers.probabilities[::-1])
        records.append(
            publish_another(
                results._replace(predictions={**results.predictions, "test": changed}),
                {"dataset": {"name": "digits", "classes": list(classes)}},
            )
        )

    answer = comparison(client, *records)

    assert answer["confusion_matrices"]["labels"] == ["3", "5", "7"]
    for shown, matrix in zip(answer["experiments"], answer["confusion_matrices"]["matrices"], strict=True):
        truth, predicted = np.repeat(np.indices((3, 3)).reshape(2, -1), np.ravel(matrix), axis=1)
        assert 2 not in truth
        assert 2 in predicted
        assert shown["macro_f1"] == pytest.approx(f1_score(truth, predicted, labels=[0, 1], average="macro"))


def test_runs_without_common_classes_are_rejected(
    client: ApiClient, poor: Record, publish_another: Callable[[Results, Document], Record]
) -> None:
    pairs = [("3", "5"), ("5", "7")]
    ids = [
        publish_another(
            results_on(DIGITS.with_classes(each)), {"dataset": {"name": "digits", "classes": list(each)}}
        ).id
        for each in pairs
    ]
    answer = client.get(f"/compare?ids={','.join(ids)}")
    assert answer.status_code == 409
    assert "fewer than two classes are common" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda answers: answers._replace(samples=answers.samples + 10),
            (
                "the test splits differ: poor has 50 samples, other 50, and both have 40 of them; give both the same "
                "`dataset.split` and `dataset.limit_per_class` to compare them"
            ),
        ),
        (
            lambda answers: take(answers, np.arange(30)),
            "poor has 50 samples, other 30, and both have 30 of them",
        ),
        (
            lambda answers: answers._replace(truth=np.where(answers.samples < 103, 9, answers.truth)),
            "3 samples have another class in other than in poor: dataset digits was replaced in between",
        ),
    ],
)
def test_comparison_of_other_samples_is_rejected(
    client: ApiClient,
    poor: Record,
    publish_another: Callable[[Results, Document], Record],
    change: Callable[[Predictions], Predictions],
    said: str,
) -> None:
    other = publish_another(with_test_answers(GOOD, change), {})

    assert said in rejection(client, poor, other)


@pytest.mark.parametrize("path", ["/compare", "/compare/plots/confusion.png"])
def test_unfinished_experiment_is_a_conflict(
    client: ApiClient, poor: Record, tiny_document: Document, path: str
) -> None:
    waiting = client.post("/experiments", json=tiny_document).json()["id"]

    answer = client.get(f"{path}?ids={poor.id},{waiting}")
    assert answer.status_code == 409
    assert f"tiny: experiment {waiting} is queued and has no results to compare" in answer.json()["detail"]
    assert f"wait until it has succeeded (GET /experiments/{waiting}/events)" in answer.json()["detail"]

    client.post(f"/experiments/{waiting}:cancel")
    answer = client.get(f"{path}?ids={poor.id},{waiting}")
    assert answer.status_code == 409
    assert (
        f"is cancelled and has no results to compare; post it again (POST /experiments/{waiting}:retry)"
        in (answer.json()["detail"])
    )


def test_unknown_id_is_named(client: ApiClient, poor: Record) -> None:
    unknown = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"

    answer = client.get(f"/compare?ids={poor.id},{unknown}")

    assert (answer.status_code, answer.json()["detail"]) == (404, f"experiment {unknown} not found")
    assert client.get(f"/compare?ids={poor.id},../{unknown}").status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Field required"),
        ("ids=", "expected 2 to 8 ids, separated by commas, received 0"),
        ("ids=a", "received 1"),
        ("ids=a,b,c,d,e,f,g,h,i", "received 9"),
        ("ids=a,b,a", "received a twice; name each experiment once"),
        ("ids=a&ids=a", "received a twice"),
        ("ids=a,b&split=train", "training"),
        ("ids=a,b&limit=-1", "greater than or equal to 0"),
        ("ids=a,b&limit=1001", "less than or equal to 1000"),
    ],
)
def test_invalid_query_is_rejected(client: ApiClient, query: str, said: str) -> None:
    answer = client.get(f"/compare?{query}")

    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_damaged_predictions_name_their_experiment(
    client: ApiClient, api_store: Store, poor: Record, good: Record
) -> None:
    (api_store.experiments.artifacts(good.id) / predictions_file("test")).write_bytes(b"{}")

    answer = client.get(f"/compare?ids={poor.id},{good.id}")

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith(f"good: {predictions_file('test')} ")


def test_split_without_evaluation_is_not_found(
    client: ApiClient, poor: Record, publish_another: Callable[[Results, Document], Record]
) -> None:
    older = POOR._replace(evaluations={split: POOR.evaluations[split] for split in ("validation", "test")})
    other = publish_another(older, {"name": "older"})

    answer = client.get(f"/compare?ids={poor.id},{other.id}&split=training")

    assert answer.status_code == 404
    said = f"older: experiment {other.id} was evaluated on validation and test, not on its training split"
    assert answer.json()["detail"].startswith(said)
