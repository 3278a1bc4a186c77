"""Many explanations at once, and what they are counted for."""

import asyncio
from typing import Any, cast

import numpy as np
import pytest

from api.access import Access
from api.wire.explaining import PREDICTIONS_EACH, Explaining
from models_store.errors import RateLimited
from models_store.owners.quotas import Quotas
from models_store.predictions.class_probability import ClassProbability
from models_store.store import Store
from serving.admission import Admission, AdmissionControl
from serving.errors import Overloaded
from serving.explanations.explainer import Explainer
from serving.explanations.explanation import Occlusion
from serving.explanations.turns import Turns
from serving.predictor import Prediction
from serving.served_model import ServedModel
from specs.experiment import parse_spec
from tests.support.published import publish

MAX_WAITING = 512
Answer = dict[str, Any]


class Counts:
    """In place of access and quotas: what was counted. A limit of the first may be reached."""

    def __init__(self) -> None:
        self.further: list[int] = []
        self.predictions: list[int] = []
        self.is_reached = False

    @property
    def access(self) -> Access:
        class Counting:
            @staticmethod
            async def count_predictions(_: object, count: int) -> None:
                if self.is_reached:
                    raise RateLimited("predict", 60, 20)
                self.further.append(count)

        return cast(Access, Counting())

    @property
    def quotas(self) -> Quotas:
        class Counting:
            @staticmethod
            def count_predictions(_: object, count: int) -> None:
                self.predictions.append(count)

        return cast(Quotas, Counting())


class Waiting:
    """Explains when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked: list[int] = []

    async def occlude(self, _model: object, _pixels: object, index: int) -> Occlusion:
        self.asked.append(index)
        await self.go.wait()
        return cast(Occlusion, index)


@pytest.fixture
def model(store: Store, tiny_document: Answer) -> ServedModel:
    assert store.reconciler.sweep()
    return ServedModel(store.models.load(publish(store, parse_spec(tiny_document)).id), threads=1)


def images(count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.zeros((count, 8, 8, 1), np.uint8)


def predicted(*indices: int) -> list[Prediction]:
    return [cast(Prediction, type("P", (), {"top": [ClassProbability(str(each), each, 1.0)]})) for each in indices]


async def explain(
    explaining: Explaining, admission: Admission, model: ServedModel, indices: list[int]
) -> tuple[list[Prediction], list[Occlusion]]:
    async def predict() -> list[Prediction]:
        return predicted(*indices)

    return await explaining.occlude({}, admission, model, images(len(indices)), predict)


def test_whole_class_may_ask_at_once(model: ServedModel) -> None:
    async def test() -> None:
        control, counts, explainer = AdmissionControl(MAX_WAITING, 1_000), Counts(), Waiting()
        explaining = Explaining(cast(Explainer, explainer), counts.access, counts.quotas, Turns())

        async def student(number: int) -> object:
            with control.admit() as admission:
                admission.add_request(1)
                if number % 2:
                    return await explaining.occlude_class({}, admission, model, images(1)[0], number)
                return (await explain(explaining, admission, model, [number]))[1][0]

        asked = [asyncio.ensure_future(student(number)) for number in range(40)]
        while not explainer.asked:
            await asyncio.sleep(0)
        # Others have their answers meanwhile, also large ones.
        for _ in range(4):
            with control.admit() as large:
                large.add_request(100)
        explainer.go.set()
        assert await asyncio.gather(*asked) == list(range(40))
        assert counts.predictions == [PREDICTIONS_EACH] * 40
        assert counts.further == [PREDICTIONS_EACH - 1] * 40
        assert (control.images, control.explained_images) == (0, 0)

    asyncio.run(test())


def test_what_is_rejected_is_not_counted(model: ServedModel) -> None:
    async def test() -> None:
        control, counts, explainer = AdmissionControl(MAX_WAITING, 1_000), Counts(), Waiting()
        explaining = Explaining(cast(Explainer, explainer), counts.access, counts.quotas, Turns(1, seconds=0.01))
        with control.admit() as full, control.admit() as other:
            full.add_explained(MAX_WAITING // 4)
            with pytest.raises(Overloaded, match="129 images wait to be explained"):
                await explain(explaining, other, model, [3])
        assert (counts.further, counts.predictions) == ([], [])

        with control.admit() as first, control.admit() as second:
            begun = asyncio.ensure_future(explain(explaining, first, model, [1, 2]))
            while not explainer.asked:
                await asyncio.sleep(0)
            with pytest.raises(Overloaded, match="asked for before"):
                await explain(explaining, second, model, [3])
            explainer.go.set()
            assert [*map(str, (await begun)[1])] == ["1", "2"]
        assert (counts.further, counts.predictions) == ([38], [40])

        counts.is_reached = True
        with control.admit() as limited, pytest.raises(RateLimited):
            await explain(explaining, limited, model, [3])
        assert counts.predictions == [40]
        assert explainer.asked == [1, 2]

    asyncio.run(test())


def test_single_image_goes_between_those_of_others(model: ServedModel) -> None:
    async def test() -> None:
        control, counts, explainer = AdmissionControl(MAX_WAITING, 1_000), Counts(), Waiting()
        explaining = Explaining(cast(Explainer, explainer), counts.access, counts.quotas, Turns(at_once=1))
        with control.admit() as first, control.admit() as second:
            many = asyncio.ensure_future(explain(explaining, first, model, [1] * 10))
            one = asyncio.ensure_future(explain(explaining, second, model, [2]))
            while not explainer.asked:
                await asyncio.sleep(0)
            explainer.go.set()
            await asyncio.gather(many, one)
        assert explainer.asked == [1, 2, *[1] * 9]

    asyncio.run(test())
