import asyncio
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from anyio import CapacityLimiter
from numpy.typing import NDArray

from models_store.store import Store
from serving.batching import Batcher
from serving.errors import InvalidSample
from serving.explanations import explainer
from serving.explanations.explainer import Explainer
from serving.explanations.explanation import Occlusion
from serving.served_model import ServedModel
from serving.session import Samples
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.published import publish

Spec = Callable[..., ExperimentSpec]


class Counting(ServedModel):
    """Records how many samples each batch has."""

    batches: list[int]

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        self.__dict__.setdefault("batches", []).append(len(samples))
        return super().probabilities(samples)


@pytest.fixture
def model(store: Store, tiny_spec: Spec) -> Counting:
    assert store.reconciler.sweep()
    return Counting(store.models.load(publish(store, tiny_spec()).id), threads=1)


@pytest.fixture
def batcher() -> Iterator[Batcher]:
    made = Batcher(2)
    yield made
    made.close()


def bright(*pixels: int) -> NDArray[np.uint8]:
    """The handmade network calls an image the class of its brightest pixel of the first ten."""
    image = np.zeros(64, dtype=np.uint8)
    image[list(pixels)] = 255
    return image.reshape(8, 8, 1)


def occlude(batcher: Batcher, model: ServedModel, image: NDArray[np.uint8], index: int | None = None) -> Occlusion:
    async def asked() -> Occlusion:
        return await Explainer(batcher, CapacityLimiter(1)).occlude(model, image, index)

    return asyncio.run(asked())


def test_hiding_what_decides_makes_the_answer_fall(batcher: Batcher, model: Counting) -> None:
    explained = occlude(batcher, model, bright(3))

    assert (explained.method, explained.label, explained.index) == ("occlusion", "3", 3)
    assert explained.probability > 0.99
    assert (explained.patch, explained.stride, explained.background) == (3, 1, [0])
    drops = np.array(explained.drops)
    assert drops.shape == (8, 8)
    hiding = np.zeros((8, 8), bool)
    hiding[:2, 2:5] = True
    assert drops[hiding] == pytest.approx(explained.probability - 0.1, abs=1e-5)
    assert not drops[~hiding].any()
    most = explained.most_important
    assert most is not None
    assert (most.row, most.column, most.region) == (0, 2, "left")
    assert most.probability == most.answer.probability == pytest.approx(0.1, abs=1e-5)


def test_hiding_what_contradicts_makes_it_rise(batcher: Batcher, model: Counting) -> None:
    image = bright(1)
    image[0, 6] = 250
    explained = occlude(batcher, model, image, index=6)

    assert explained.label == "6"
    assert explained.drops[0][1] < -0.3
    assert explained.drops[0][6] > 0
    most = explained.most_important
    assert most is not None
    assert (most.region, most.answer.label) == ("right", "1")


def test_blank_image_is_asked_about_once(batcher: Batcher, model: Counting) -> None:
    model.__dict__["batches"] = []
    explained = occlude(batcher, model, bright())

    assert model.batches == [1]
    assert explained.most_important is None
    assert not np.any(explained.drops)


def test_copies_are_made_in_pieces(batcher: Batcher, model: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 1), dtype=np.uint8)
    whole = occlude(batcher, model, image)
    monkeypatch.setattr(explainer, "_MAX_BYTES", 5 * 64)
    model.__dict__["batches"] = []

    assert occlude(batcher, model, image) == whole
    assert max(model.batches) <= 5
    assert sum(model.batches) == 1 + 64


def test_prediction_does_not_wait_for_all_copies(batcher: Batcher, model: Counting) -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 1), dtype=np.uint8)
    ended: list[str] = []

    async def run() -> None:
        asked = Explainer(batcher, CapacityLimiter(1))

        async def explain() -> None:
            await asked.occlude(model, image)
            ended.append("explanation")

        async def predict() -> None:
            await batcher.probabilities(model, image[None])
            ended.append("prediction")

        explaining = asyncio.ensure_future(explain())
        while not [each for each in model.__dict__.get("batches", []) if each > 1]:
            await asyncio.sleep(0)
        await predict()
        await explaining

    model.__dict__["batches"] = []
    asyncio.run(run())
    assert ended == ["prediction", "explanation"]


def test_numbers_are_not_explained(store: Store, batcher: Batcher, blobs_model: ServedModel) -> None:
    with pytest.raises(InvalidSample, match="explanations are of images, and the model of blobs takes 2 numbers"):
        occlude(batcher, blobs_model, np.zeros((2,), np.uint8))


@pytest.fixture
def blobs_model(store: Store) -> ServedModel:
    assert store.reconciler.sweep()
    document = {"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}, "training": {"epochs": 1}}
    return ServedModel(store.models.load(publish(store, parse_spec(document)).id), threads=1)
