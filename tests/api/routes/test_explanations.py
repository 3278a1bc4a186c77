import base64
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models_store import artifacts, keys
from models_store.store import Store
from serving.explanations.explainer import Explainer
from settings import Settings
from specs.access import KeyScope
from specs.experiment import parse_spec
from specs.quota import QuotaSpec
from tests.support.api import ApiClient
from tests.support.image_files import encoded
from tests.support.published import publish

Answer = dict[str, Any]


def png(*bright: int) -> bytes:
    """The hand-made network calls an image the class of its brightest pixel of the first ten."""
    pixels = np.zeros(64, dtype=np.uint8)
    pixels[list(bright)] = 255
    return encoded(Image.fromarray(pixels.reshape(8, 8)))


def pixels_of(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(content)))


def explained(client: ApiClient, experiment: str, query: str = "", **options: Any) -> Answer:
    answer = client.post(f"/experiments/{experiment}/explanations{query}", **options)
    assert answer.status_code == 200, answer.text
    found: Answer = answer.json()["explanation"]
    return found


def rejected(client: ApiClient, experiment: str, query: str = "", **options: Any) -> tuple[int, str]:
    answer = client.post(f"/experiments/{experiment}/explanations{query}", **options)
    return answer.status_code, answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["prep=none&explain=occlusion", "prep=none&explain=%6Fcclusion", "explain=occlusion&digits=many"]
)
def test_predictions_are_explained(client: ApiClient, digits: str, query: str) -> None:
    files = [("file", (f"{bright}.png", png(bright))) for bright in (3, 7)]
    answer = client.post(f"/predict?{query}", files=files)

    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert len(body["explanations"]) == len(body["predictions"]) == 2
    for prediction, explanation in zip(body["predictions"], body["explanations"], strict=True):
        assert explanation["label"] == prediction["top"][0]["label"]
        assert explanation["probability"] == prediction["top"][0]["probability"]
        assert prediction["preprocessing"]["image"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("query", ["", "?explain=false", "?explain=true"])
def test_answer_has_no_explanations_unless_asked(client: ApiClient, digits: str, query: str) -> None:
    assert "explanations" not in client.post(f"/predict{query}", content=png(3)).json()


def test_image_is_explained(client: ApiClient, digits: str) -> None:
    for sent in ({"content": png(3)}, {"files": {"file": ("3.png", png(3))}}):
        explanation = explained(client, digits, "?prep=none", **sent)
        assert (explanation["method"], explanation["label"]) == ("occlusion", "3")
        assert explanation["drops"][0][3] == pytest.approx(explanation["probability"] - 0.1, abs=1e-5)
        assert explanation["most_important"]["answer"]["probability"] == pytest.approx(0.1, abs=1e-5)


def test_another_class_can_be_explained(client: ApiClient, digits: str) -> None:
    explanation = explained(client, digits, "?prep=none&class=4", content=png(3))

    assert (explanation["label"], explanation["index"]) == ("4", 4)
    assert explanation["most_important"] is None
    assert explanation["drops"][0][3] < 0
    assert rejected(client, digits, "?class=ten", content=png(3))[0] == 404


def test_map_is_drawn_over_the_image(client: ApiClient, digits: str) -> None:
    path = f"/experiments/{digits}/explanations?prep=none"
    by_header = client.post(path, content=png(3), headers={"Accept": "image/png"})
    by_format = client.post(f"{path}&format=png", content=png(3), headers={"Accept": "application/json"})

    assert (by_header.headers["content-type"], by_header.headers["vary"]) == ("image/png", "Accept")
    assert by_header.content == by_format.content
    drawn = pixels_of(by_header.content)
    assert drawn.shape == (224, 224, 3)
    assert drawn[30, 70].tolist() == [204, 102, 0]
    inside = explained(client, digits, "?prep=none&format=json", content=png(3), headers={"Accept": "image/png"})
    assert base64.b64decode(inside["image"].partition(",")[2]) == by_header.content


def test_sample_is_explained_as_the_network_saw_it(client: ApiClient, digits: str, api_store: Store) -> None:
    predictions = api_store.experiments.predictions(digits, "validation")
    row = int(predictions.image_rows[0])
    kept = predictions.image(row)
    assert kept is not None

    of_sample = explained(client, digits, f"?split=validation&index={row}")

    assert of_sample == explained(client, digits, "?prep=none", content=encoded(Image.fromarray(kept[..., 0])))
    right = int(np.flatnonzero(predictions.truth == predictions.predicted)[0])
    assert explained(client, digits, f"?split=validation&index={right}")["method"] == "occlusion"
    assert "has no sample 50; it has 0 to 49" in rejected(client, digits, "?index=50")[1]


@pytest.mark.parametrize(
    ("query", "options", "status", "why"),
    [
        ("", {}, 422, "no image: send one, as in curl -F file=@seven.png, or name a sample"),
        ("?index=3", {"content": png(3)}, 422, "received a body and index=3; send an image or name a sample"),
        ("?method=dream", {"content": png(3)}, 422, "occlusion"),
        ("?index=-1", {}, 422, "0"),
        ("?split=all&index=3", {}, 422, "training"),
        ("", {"content": b"\x89PNG\r\n\x1a\nbroken"}, 422, "body"),
        ("", {"json": {"features": [1, 2]}}, 422, "received numbers, expected one image"),
        ("", {"files": [("file", ("3.png", png(3)))] * 2}, 422, "received 2 images, expected one image"),
    ],
)
def test_wrong_question_is_rejected(
    client: ApiClient, digits: str, query: str, options: Answer, status: int, why: str
) -> None:
    received, detail = rejected(client, digits, query, **options)

    assert received == status
    assert why in detail


def test_numbers_are_not_explained(client: ApiClient, blobs: str) -> None:
    why = "explanations are of images, and the model of blobs takes 2 numbers a sample"
    answer = client.post("/predict?explain=occlusion", json={"features": [1, 2]})

    assert (answer.status_code, why in answer.json()["detail"]) == (422, True)
    assert client.post("/predict?explain=true", json={"features": [1, 2]}).status_code == 200
    for query, options in (("", {"content": png(3)}), ("?index=3", {})):
        status, detail = rejected(client, blobs, query, **options)
        assert (status, why in detail) == (422, True)


@pytest.mark.parametrize("query", ["explain=gradients", "explain=perhaps", "explain=occlusion&explain=true"])
def test_unknown_explanation_is_rejected(client: ApiClient, digits: str, query: str) -> None:
    answer = client.post(f"/predict?{query}", content=png(3))

    assert answer.status_code == 422
    assert "explain" in answer.text


def test_damaged_or_unfinished_model_is_not_explained(
    client: ApiClient, digits: str, api_store: Store, tiny_document: Answer
) -> None:
    queued = api_store.experiments.create(parse_spec(tiny_document)).id
    network = api_store.experiments.artifacts(digits) / artifacts.ONNX_FILE
    network.write_bytes(network.read_bytes()[:-1] + b"x")

    assert rejected(client, queued, content=png(3)) == (
        409,
        f"experiment {queued} is queued: only a succeeded one can predict",
    )
    status, detail = rejected(client, digits, content=png(3))
    assert (status, "model.onnx" in detail) == (409, True)
    assert rejected(client, "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", content=png(3))[0] == 404


def test_too_many_images_are_not_explained(client: ApiClient, digits: str) -> None:
    files = [("file", ("3.png", png(3)))] * 11

    answer = client.post("/predict?explain=occlusion&prep=none", files=files)

    assert (answer.status_code, "11 images to explain, more than the limit of 10" in answer.json()["detail"]) == (
        422,
        True,
    )
    assert client.post("/predict?explain=occlusion&prep=none", files=files[1:]).status_code == 200


def test_explanation_counts_as_twenty_predictions(keyed_client: ApiClient, tiny_document: Answer) -> None:
    store = keyed_client.services.store
    publish(store, parse_spec(tiny_document))
    store.quotas.owners.set("ann", QuotaSpec(predictions=45))
    keyed_client.sign_in(KeyScope.READ, KeyScope.PREDICT, owner="ann")
    path = "/predict?explain=occlusion&prep=none"

    assert [keyed_client.post(path, content=png(3)).status_code for _ in range(3)] == [200, 200, 429]


def test_what_is_not_explained_is_not_counted(keyed_client: ApiClient, tiny_document: Answer) -> None:
    store = keyed_client.services.store
    experiment = publish(store, parse_spec(tiny_document)).id
    store.quotas.owners.set("ann", QuotaSpec(predictions=45))
    keyed_client.sign_in(KeyScope.READ, KeyScope.PREDICT, owner="ann")
    broken: Answer = {"content": b"\x89PNG\r\n\x1a\nbroken"}
    for query, sent, status in (
        ("?class=ten", {"content": png(3)}, 404),
        ("?index=50", {}, 404),
        ("", broken, 422),
    ):
        assert rejected(keyed_client, experiment, query, **sent)[0] == status
    assert keyed_client.post("/predict?explain=occlusion", **broken).status_code == 422
    files = [("file", ("3.png", png(3)))] * 11
    assert keyed_client.post("/predict?explain=occlusion", files=files).status_code == 422
    control = keyed_client.services.admission
    with control.admit() as full:
        full.add_explained(control.max_explained)
        why = "129 images wait to be explained, more than the limit of 128; try again in a moment"
        assert rejected(keyed_client, experiment, content=png(3)) == (503, why)
        assert keyed_client.post("/predict?explain=occlusion", content=png(3)).status_code == 503
        assert keyed_client.post("/predict", content=png(3)).status_code == 200

    assert store.quotas.used("ann").predictions == 1
    explained(keyed_client, experiment, content=png(3))
    assert store.quotas.used("ann").predictions == 21
    assert keyed_client.post("/predict?explain=occlusion", content=png(3)).status_code == 200
    assert store.quotas.used("ann").predictions == 41


@pytest.mark.parametrize("per_minute", [40, 7])
def test_limited_explanation_waits_and_is_admitted(settings: Settings, tiny_document: Answer, per_minute: int) -> None:
    """By clients that obey: one token is waited for first, where there is none, and then the others, once. Of a limit
    below 20, one explanation takes a whole minute."""
    limited = settings.model_copy(update={"auth": "keys", "rate_predict": per_minute})
    with ApiClient(limited) as client:
        publish(client.services.store, parse_spec(tiny_document))
        client.sign_in(KeyScope.PREDICT, owner="ann")
        path = "/predict?explain=occlusion&prep=none"
        answers = []
        for _ in range(6):
            answers.append(client.post(path, content=png(3)))
            if answers[-1].status_code == 429:
                pass_time(client, "predict", int(answers[-1].headers["retry-after"]))

    found = [each.status_code for each in answers]
    assert found[0] == 200
    assert found.count(200) >= 2
    in_a_row = [len(each) for each in "".join("-" if each == 429 else "+" for each in found).split("+")]
    assert 1 <= max(in_a_row) <= 2
    assert answers[0].headers["ratelimit"] == f'"predict";r={max(0, per_minute - 20)}'
    assert any("this one counts as 20" in each.text for each in answers)


def test_rejected_explanations_leave_predictions(settings: Settings, tiny_document: Answer) -> None:
    with ApiClient(settings.model_copy(update={"auth": "keys", "rate_predict": 35})) as client:
        publish(client.services.store, parse_spec(tiny_document))
        client.sign_in(KeyScope.PREDICT, owner="ann")
        found = [client.post("/predict?explain=occlusion&prep=none", content=png(3)) for _ in range(3)]
        plain = [client.post("/predict", content=png(3)).status_code for _ in range(10)]

    assert [each.status_code for each in found] == [200, 429, 429]
    # What is left is shown: nothing further was taken.
    left = [int(each.headers["ratelimit"].rpartition("=")[2]) for each in found]
    assert left[0] == 15
    assert left[2] >= 13
    assert plain == [200] * 10


def pass_time(client: ApiClient, limit: str, seconds: int) -> None:
    """As the limit of ann is so many seconds later."""
    redis = client.services.store.redis
    name = keys.rate_limit(limit, "ann")
    redis.set(name, int(redis.get(name) or 0) - seconds * 1_000_000)
    client.services.store.rate_limiter._leases.clear()


def test_key_needs_to_read_and_to_predict(keyed_client: ApiClient, tiny_document: Answer) -> None:
    experiment = publish(keyed_client.services.store, parse_spec(tiny_document)).id
    for scopes, status in (([KeyScope.READ], 403), ([KeyScope.PREDICT], 403), ([KeyScope.READ, KeyScope.PREDICT], 200)):
        keyed_client.sign_in(*scopes, owner="ann")
        answer = keyed_client.post(f"/experiments/{experiment}/explanations", content=png(3))
        assert answer.status_code == status, scopes


def test_hidden_samples_are_not_explained(client: ApiClient, digits: str) -> None:
    assert client.patch("/datasets/digits", json={"hide_test": True}).status_code == 200

    for split, status in (("validation", 200), ("test", 409)):
        answer = client.post(f"/experiments/{digits}/explanations?split={split}&index=3")
        assert answer.status_code == status, answer.text


def test_plain_prediction_is_explained_nowhere(client: ApiClient, digits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Explainer, "occlude")

    assert client.post("/predict?explain=true", content=png(3)).status_code == 200
