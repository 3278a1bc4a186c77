import base64
import hashlib
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models_store.store import Store
from serving.served_model import ServedModel
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.image_files import encoded
from tests.support.published import publish
from tests.support.waiting import eventually
from worker.evaluation.calibration import temper

Spec = Callable[..., ExperimentSpec]


def png(bright: int) -> bytes:
    """An image in which only pixel `bright` of the first rows is white: the hand-made network calls it that class."""
    pixels = np.zeros(64, dtype=np.uint8)
    pixels[bright] = 255
    return encoded(Image.fromarray(pixels.reshape(8, 8)))


@pytest.fixture
def trained(client: ApiClient, api_store: Store, tiny_spec: Spec) -> str:
    return publish(api_store, tiny_spec()).id


def labels(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["top"][0]["label"] for each in answer.json()["predictions"]]


def test_form_of_files_is_predicted(client: ApiClient, trained: str) -> None:
    files = [("file", (f"{bright}.png", png(bright), "image/png")) for bright in (3, 7, 5)]
    answer = client.post("/predict", files=files)

    assert labels(answer) == ["3", "7", "5"]
    assert [each["filename"] for each in answer.json()["predictions"]] == ["3.png", "7.png", "5.png"]
    assert answer.json()["model"]["experiment_id"] == trained
    assert answer.json()["duration_ms"] > 0


@pytest.mark.parametrize(("images", "query", "in_loop"), [(1, "", True), (40, "", False), (1, "?explain=true", False)])
def test_large_answer_is_written_in_a_thread(
    client: ApiClient, trained: str, monkeypatch: pytest.MonkeyPatch, images: int, query: str, in_loop: bool
) -> None:
    threads = []
    top = ServedModel.top_classes

    def noted(*arguments: Any) -> Any:
        threads.append(threading.current_thread().name)
        return top(*arguments)

    monkeypatch.setattr(ServedModel, "top_classes", noted)
    files = [("file", ("3.png", png(3), "image/png"))] * images

    assert labels(client.post(f"/predict{query}", files=files)) == ["3"] * images
    assert len(threads) == 1
    assert ("worker" not in threads[0]) == in_loop


@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream", "application/x-www-form-urlencoded"])
def test_raw_image_is_predicted(client: ApiClient, trained: str, content_type: str) -> None:
    assert labels(client.post("/predict", content=png(4), headers={"Content-Type": content_type})) == ["4"]


def test_base64_is_predicted(client: ApiClient, trained: str) -> None:
    encoded = [base64.b64encode(png(bright)).decode() for bright in (1, 2)]

    assert labels(client.post("/predict", json={"image": encoded[0]})) == ["1"]
    assert labels(client.post("/predict", json={"images": [encoded[0], f"data:image/png;base64,{encoded[1]}"]})) == [
        "1",
        "2",
    ]


def test_images_are_resized_as_in_training(client: ApiClient, api_store: Store, tiny_document: dict[str, Any]) -> None:
    publish(api_store, parse_spec({**tiny_document, "preprocessing": {"resize": "fill"}}))
    pixels = np.zeros((8, 24), dtype=np.uint8)
    pixels[0, 8 + 5] = 255  # the sixth column of the middle, which is all that is left
    data = encoded(Image.fromarray(pixels))

    assert labels(client.post("/predict?prep=none", content=data)) == ["5"]


def test_digit_is_found_and_steps_are_listed(client: ApiClient, trained: str) -> None:
    paper = Image.new("RGB", (300, 200), "white")
    paper.paste((20, 20, 90), (40, 30, 60, 130))  # a bar
    data = encoded(paper)

    answer = client.post("/predict?explain=true", content=data).json()["predictions"][0]

    assert answer["preprocessing"]["steps"] == ["grayscale", "inverted", "cropped", "thinned", "centered"]
    seen = image_in(answer["preprocessing"]["image"])
    assert seen.shape == (8, 8)
    assert (seen[:, 2:6].max(axis=1) > 100).all()
    assert not seen[:, [0, 1, 6, 7]].any()


def image_in(data_url: str) -> NDArray[np.uint8]:
    kind, _, encoded = data_url.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(BytesIO(base64.b64decode(encoded))))


def test_explain_shows_images_and_steps(client: ApiClient, trained: str) -> None:
    for query in ("", "?explain=false", "?explain=0"):
        answer = client.post(f"/predict{query}", content=png(3)).json()["predictions"][0]
        assert answer["preprocessing"] == {"steps": []}
    for query in ("?explain=1", "?explain=true&prep=none", "?explain=yes"):
        answer = client.post(f"/predict{query}", content=png(3)).json()["predictions"][0]
        assert image_in(answer["preprocessing"]["image"])[0, 3] == 255


@pytest.mark.parametrize("query", ["prep=some", "explain=perhaps", "prep=auto&prep=none"])
def test_unknown_or_contradictory_prep_is_rejected(client: ApiClient, trained: str, query: str) -> None:
    assert client.post(f"/predict?{query}", content=png(3)).status_code == 422


@pytest.mark.parametrize("path", ["/predict", "/predict:batch"])
def test_experiment_on_another_dataset_is_rejected(client: ApiClient, trained: str, path: str) -> None:
    files = {"file": ("3.png", png(3), "image/png")}

    other = client.post(f"{path}?dataset=mnist&experiment={trained}", files=files)
    unknown = client.post(f"{path}?dataset=mnits&experiment={trained}", files=files)

    assert (other.status_code, unknown.status_code) == (422, 422)
    assert f"experiment {trained} was trained on digits, not on mnist; leave out one" in other.json()["detail"]
    assert "did you mean `mnist`?" in unknown.json()["detail"]
    assert client.post(f"{path}?dataset=digits&experiment={trained}", files=files).status_code == 200


def test_verdict_follows_tempered_probabilities(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    plain = publish(api_store, tiny_spec()).id
    raw = client.post(f"/predict?experiment={plain}&top=10", content=png(2)).json()["predictions"][0]
    by_index = {each["index"]: each["probability"] for each in raw["top"]}
    expected = temper(np.array([[by_index[index] for index in range(10)]], np.float32), 0.5)[0]
    surest = float(expected.max())

    for threshold, verdict in ((surest - 0.01, "confident"), (surest + 0.01, "unsure"), (2.0, "unsure")):
        sharper = publish(api_store, tiny_spec(), temperature=0.5, confident_from=threshold).id
        answer = client.post(f"/predict?experiment={sharper}&top=10", content=png(2)).json()["predictions"][0]
        assert {each["index"]: each["probability"] for each in answer["top"]} == pytest.approx(
            dict(enumerate(expected)), abs=1e-5
        )
        assert answer["verdict"] == verdict
        two = sorted(expected)[-2:]
        assert answer["margin"] == pytest.approx(two[1] - two[0], abs=1e-5)


def test_margin_is_independent_of_top(client: ApiClient, trained: str) -> None:
    margins = {client.post(f"/predict?top={n}", content=png(6)).json()["predictions"][0]["margin"] for n in (1, 2, 9)}
    assert len(margins) == 1


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_blank_image_is_no_digit(client: ApiClient, trained: str, shade: int) -> None:
    data = encoded(Image.new("L", (60, 40), shade))
    answer = client.post("/predict", content=data).json()["predictions"][0]
    assert answer["verdict"] == "not_a_digit"
    assert answer["preprocessing"]["steps"] == ["blank"]


def page_with_bars(*places: tuple[int, int, int, int]) -> bytes:
    """Ink on a white page of 300 x 200, (left, top, right, bottom) each."""
    paper = Image.new("L", (300, 200), 255)
    for place in places:
        paper.paste(20, place)
    return encoded(paper)


def test_several_digits_and_ignored_marks_are_reported(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    publish(api_store, tiny_spec(), confident_from=0.01)
    bar, twin, minus = (40, 30, 60, 130), (140, 30, 160, 130), (140, 76, 180, 84)

    def answered(data: bytes) -> tuple[str, dict[str, object]]:
        answer = client.post("/predict", content=data).json()["predictions"][0]
        return answer["verdict"], answer["preprocessing"]

    verdict, preprocessing = answered(page_with_bars(bar))
    assert (verdict, "ignored_marks" in preprocessing) == ("confident", False)
    verdict, preprocessing = answered(page_with_bars(bar, minus))
    assert (verdict, preprocessing["ignored_marks"]) == ("unsure", 1)
    verdict, preprocessing = answered(page_with_bars(bar, twin))
    assert verdict == "several_digits"


def test_only_digit_networks_answer_not_a_digit(
    client: ApiClient, api_store: Store, tiny_document: dict[str, Any]
) -> None:
    document = {**tiny_document, "dataset": {"name": "cifar10"}, "preprocessing": {"image_size": [8, 8]}}
    publish(api_store, parse_spec(document))
    data = encoded(Image.new("L", (60, 40), 255))
    answer = client.post("/predict", content=data).json()["predictions"][0]
    assert answer["verdict"] in {"confident", "unsure"}
    assert answer["preprocessing"]["steps"] == ["resized"]


def test_top_is_sorted_and_as_long_as_requested(client: ApiClient, trained: str) -> None:
    for count in (1, 3, 10, 99):
        top = client.post(f"/predict?top={count}", content=png(6)).json()["predictions"][0]["top"]
        probabilities = [each["probability"] for each in top]
        assert len(top) == min(count, 10)
        assert probabilities == sorted(probabilities, reverse=True)
        assert top[0]["index"] == 6
    assert sum(probabilities) == pytest.approx(1, abs=1e-4)


def test_experiment_and_dataset_choose_the_model(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    better = publish(api_store, tiny_spec(), val_accuracy=0.95).id
    worse = publish(api_store, tiny_spec(), val_accuracy=0.5).id

    assert client.post("/predict", content=png(0)).json()["model"]["experiment_id"] == better
    assert client.post("/predict?dataset=digits", content=png(0)).json()["model"]["experiment_id"] == better
    assert client.post(f"/predict?experiment={worse}", content=png(0)).json()["model"]["experiment_id"] == worse
    assert client.post("/predict?dataset=mnist", content=png(0)).status_code == 503
    assert client.post("/predict?experiment=nonsense", content=png(0)).status_code == 404


def test_only_a_better_model_takes_over(client: ApiClient, api_store: Store, trained: str, tiny_spec: Spec) -> None:
    assert client.post("/predict", content=png(0)).json()["model"]["experiment_id"] == trained
    publish(api_store, tiny_spec(), val_accuracy=0.1)
    better = publish(api_store, tiny_spec(), val_accuracy=0.99).id

    eventually(lambda: client.post("/predict", content=png(0)).json()["model"]["experiment_id"] == better)
    assert client.get("/models/best?dataset=digits").json()["experiment_id"] == better
    assert [each["experiment_id"] for each in client.get("/models").json()["items"]] == [better]


def test_queued_experiment_cannot_predict(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    waiting = api_store.experiments.create(tiny_spec())

    assert client.post(f"/predict?experiment={waiting.id}", content=png(0)).status_code == 409


def cut_png() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    return encoded(Image.fromarray(noise))[:2000]


def giant_png() -> bytes:
    return encoded(Image.new("1", (30_000, 30_000)))


@pytest.mark.parametrize(
    ("body", "content_type", "status", "fragment"),
    [
        (b"", "image/png", 422, "empty"),
        (b"no image at all", "image/png", 422, "is not an image in a supported format"),
        (b"GIF89a" + b"\0" * 100, "image/gif", 422, "PNG, JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 422, "PNG, JPEG"),
        (cut_png(), "image/png", 422, "corrupt or truncated"),
        (b'{"photo": "x"}', "application/json", 422, '{"image": "<base64>"}'),
        (b'{"image": "???"}', "application/json", 422, "base64"),
        (b'{"image": "eA==", "images": []}', "application/json", 422, "base64"),
        (b'{"images": []}', "application/json", 422, "`images` must not be empty"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 422, "form"),
        (b"abc", "multipart/form-data", 422, "form"),
        (b"\0" * 11_000_000, "image/png", 413, ""),
    ],
    ids=[
        *("empty", "text", "gif", "svg", "cut png", "unknown member", "bad base64", "two members", "no images"),
        *("broken form", "no boundary", "too large"),
    ],
)
def test_upload_of_other_file_is_rejected(
    client: ApiClient, trained: str, body: bytes, content_type: str, status: int, fragment: str
) -> None:
    answer = client.post("/predict", content=body, headers={"Content-Type": content_type})

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    assert fragment in answer.json()["error"]
    assert labels(client.post("/predict", content=png(9))) == ["9"]


def test_pixel_bomb_is_rejected_undecoded(client: ApiClient, trained: str) -> None:
    answer = client.post("/predict", files={"file": ("bomb.png", giant_png(), "image/png")})

    assert answer.status_code == 413
    assert answer.json()["error"].startswith("bomb.png: ")


def test_unknown_form_field_is_named(client: ApiClient, trained: str) -> None:
    answer = client.post("/predict", files={"image": ("x.png", png(0), "image/png")})
    assert (answer.status_code, "`image`" in answer.json()["error"]) == (422, True)


def test_prediction_without_model_is_unavailable(client: ApiClient) -> None:
    answer = client.post("/predict", content=png(0))

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "POST an experiment" in answer.json()["error"]


def test_damaged_model_gives_way_to_the_next_best(
    client: ApiClient, api_store: Store, trained: str, tiny_spec: Spec
) -> None:
    better = publish(api_store, tiny_spec(), val_accuracy=0.99)
    file = api_store.experiments.artifacts(better.id) / "model.onnx"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(file.read_bytes()[:-1])

    named = client.post(f"/predict?experiment={better.id}", content=png(0))
    assert (named.status_code, before in named.json()["detail"]) in {(409, True), (200, False)}
    assert client.post("/predict", content=png(0)).json()["model"]["experiment_id"] in {trained, better.id}


def test_unknown_dataset_is_not_retryable(client: ApiClient, trained: str) -> None:
    for answer in (client.post("/predict?dataset=banana", content=png(0)), client.get("/models/best?dataset=banana")):
        assert answer.status_code == 422

    assert "unknown dataset `banana`; known: digits, mnist, " in answer.json()["error"]


@pytest.fixture
def blobs_trained(client: ApiClient, api_store: Store, tiny_document: dict[str, Any]) -> str:
    document = {**tiny_document, "dataset": {"name": "blobs"}}
    return publish(api_store, parse_spec(document), val_accuracy=1.0).id


def test_features_go_to_a_model_of_numbers(client: ApiClient, blobs_trained: str) -> None:
    one = client.post("/predict", json={"features": [2, 3.5]})
    assert labels(one) == ["0"]
    assert one.json()["model"]["experiment_id"] == blobs_trained
    many = client.post("/predict?dataset=blobs&top=1", json={"features": [[2.0, -2.0], [-2.0, -2.0], [-1, 4]]})
    assert labels(many) == ["1", "3", "2"]
    assert [each["filename"] for each in many.json()["predictions"]] == ["sample 0", "sample 1", "sample 2"]
    assert client.get("/models/best?dataset=blobs").json()["experiment_id"] == blobs_trained


def test_images_never_go_to_a_model_of_numbers(client: ApiClient, trained: str, blobs_trained: str) -> None:
    assert client.post("/predict", content=png(4)).json()["model"]["experiment_id"] == trained
    assert client.post("/predict", json={"features": [1, 1]}).json()["model"]["experiment_id"] == blobs_trained


@pytest.mark.parametrize(
    ("dataset", "sent", "fragment"),
    [
        ("blobs", {"content": png(1)}, "blobs takes 2 numbers a sample, received an image; send JSON"),
        ("blobs", {"files": {"file": ("1.png", png(1))}}, "1.png: the model of blobs takes 2 numbers"),
        ("blobs", {"json": {"features": [1, 2, 3]}}, 'received 3 numbers; send JSON such as {"features": [1.5, 1.5]}'),
        ("blobs", {"json": {"features": [[1, 2], [1]]}}, "sample 1: the model of blobs takes 2 numbers"),
        ("blobs", {"json": {"features": [1e300, 2]}}, "each number from -1e6 to 1e6"),
        ("blobs", {"json": {"features": ["1", "2"]}}, '{"features": [x, y]}'),
        ("blobs", {"json": {"features": []}}, '{"features": [x, y]}'),
        ("blobs", {"json": {"features": [[1, 2], 3]}}, '{"features": [x, y]}'),
        ("blobs", {"content": b'{"features": [NaN, 1]}', "headers": {"Content-Type": "application/json"}}, "number"),
        ("digits", {"json": {"features": [1, 2]}}, "the model of digits takes images, received 2 numbers"),
    ],
)
def test_unsuitable_input_is_rejected_with_expectation(
    client: ApiClient, trained: str, blobs_trained: str, dataset: str, sent: dict[str, Any], fragment: str
) -> None:
    answer = client.post(f"/predict?dataset={dataset}", **sent)

    assert answer.status_code == 422
    assert fragment in answer.json()["error"]


def test_deleted_model_does_not_answer(client: ApiClient, api_store: Store, trained: str, tiny_spec: Spec) -> None:
    worse = publish(api_store, tiny_spec(), val_accuracy=0.1).id
    assert client.post(f"/predict?experiment={worse}", content=png(0)).status_code == 200
    api_store.experiments.delete(worse)

    assert client.post(f"/predict?experiment={worse}", content=png(0)).status_code == 404


@pytest.mark.parametrize(
    ("plain", "with_more"),
    [("", "?explain=no"), ("?top=2", "?top=+2"), ("?dataset=digits&top=1", "?dataset=%64igits&top=1")],
)
def test_fast_path_and_fastapi_answer_alike(client: ApiClient, trained: str, plain: str, with_more: str) -> None:
    answers = [client.post(f"/predict{query}", content=png(3)) for query in (plain, with_more)]

    assert labels(answers[0]) == labels(answers[1]) == ["3"]
    first, second = (answer.json() | {"duration_ms": 0} for answer in answers)
    ids = {each["predictions"][0].pop("id") for each in (first, second)}
    assert (first, len(ids)) == (second, 2)
    assert answers[0].headers.keys() == answers[1].headers.keys()
    assert answers[0].headers["X-Content-Type-Options"] == "nosniff"
    counted = 'http_request_method="POST",http_response_status_code="200",http_route="/predict"} 2.0'
    assert f"http_server_request_duration_seconds_count{{{counted}" in client.get("/metrics").text


@pytest.mark.parametrize("query", ["top=0", "top=1001", "top=x", "top=", f"experiment={'x' * 27}", "top=5&top=0"])
def test_parameters_out_of_range_are_rejected(client: ApiClient, trained: str, query: str) -> None:
    answer = client.post(f"/predict?{query}", content=png(3))

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["pointer"] in {"/query/top", "/query/experiment"}


def test_overload_is_rejected_at_once(client: ApiClient, trained: str) -> None:
    control = client.services.admission
    for brought in (control.max_bytes, 0):
        with control.admit() as other:
            other.add_bytes(brought)
            other.add_images(control.max_images)
            answer = client.post("/predict", content=png(3))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "try again" in answer.json()["error"]
    assert labels(client.post("/predict", content=png(3))) == ["3"]
    assert (control.images, control.bytes) == (0, 0)


def test_body_of_unstated_length_is_bounded(client: ApiClient, trained: str) -> None:
    assert labels(client.post("/predict", content=iter([png(3)[:50], png(3)[50:]]))) == ["3"]
    answer = client.post("/predict", content=(b"x" * 1_000_000 for _ in range(11)))
    assert (answer.status_code, "10,000,000 bytes" in answer.json()["error"]) == (413, True)


def test_hundred_images_and_large_ones_are_predicted(client: ApiClient, trained: str) -> None:
    many = [("file", (f"{n}.png", png(n % 10), "image/png")) for n in range(100)]
    assert labels(client.post("/predict", files=many)) == [str(n % 10) for n in range(100)]
    rejected = client.post("/predict", files=[*many, many[0]])
    assert (rejected.status_code, "100" in rejected.json()["error"]) == (422, True)

    noise = np.random.default_rng(0).integers(0, 256, (1200, 1000, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise))
    assert client.post("/predict", files={"file": ("noise.png", data)}).status_code == 200


def test_form_without_files_is_rejected(client: ApiClient, trained: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    none = client.post("/predict", content=b"--x--\r\n", headers=headers)
    assert (none.status_code, "no image: send one or more" in none.json()["error"]) == (422, True)
    text = client.post("/predict", data={"file": "seven"}, files={"file": ("7.png", png(7))})
    assert (text.status_code, "holds text, not a file" in text.json()["error"]) == (422, True)


def test_row_of_digits_is_read_from_left_to_right(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    publish(api_store, tiny_spec(), confident_from=0.01)
    bars = [(left, 30, left + 20, 130) for left in (40, 100, 220)]
    files = [("file", ("row.png", page_with_bars(*bars))), ("file", ("blank.png", page_with_bars()))]

    answer = client.post("/predict?digits=many&top=1", files=files).json()

    assert [each["filename"] for each in answer["predictions"]] == ["row.png"] * 3 + ["blank.png"]
    labels = [each["top"][0]["label"] for each in answer["predictions"]]
    assert answer["readings"] == [
        {"filename": "row.png", "text": "".join(labels[:3]), "verdict": "confident"},
        {"filename": "blank.png", "text": "", "verdict": "not_a_digit"},
    ]
    assert len({each["id"] for each in answer["predictions"]}) == 4


def test_reading_is_as_sure_as_its_least_sure_digit(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    publish(api_store, tiny_spec(), confident_from=2.0)
    page = page_with_bars((40, 30, 60, 130), (100, 30, 120, 130))

    [reading] = client.post("/predict?digits=many", content=page).json()["readings"]

    assert (len(reading["text"]), reading["verdict"]) == (2, "unsure")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("digits=some", "many"),
        ("digits=many&prep=none", "prep=none does not look for any"),
        ("digits=many&dataset=cifar10", "the model of cifar10 reads none"),
    ],
)
def test_rows_that_cannot_be_read_are_rejected(
    client: ApiClient, api_store: Store, tiny_document: dict[str, Any], trained: str, query: str, expected: str
) -> None:
    document = {**tiny_document, "dataset": {"name": "cifar10"}, "preprocessing": {"image_size": [8, 8]}}
    publish(api_store, parse_spec(document))
    answer = client.post(f"/predict?{query}", content=png(3))

    assert answer.status_code == 422
    assert expected in answer.json()["detail"]
