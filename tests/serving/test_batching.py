import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from itertools import count
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from models_store.models.catalogue import PublishedModel
from models_store.store import Store
from serving.batching import Batcher
from serving.served_model import ServedModel
from serving.session import Samples
from specs.experiment import ExperimentSpec
from tests.support.published import publish
from tests.support.waiting import PATIENCE_SECONDS

T = TypeVar("T")
IN_LOOP, IN_THREADS = 3600.0, 0.0


class Watched(ServedModel):
    """Records its batches and their threads; waits before each until `open`."""

    def __init__(self, published: PublishedModel) -> None:
        self.batches: list[int] = []
        self.threads: set[str] = set()
        self.open = threading.Event()
        self.open.set()
        super().__init__(published, threads=1)
        self.batches.clear()

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        self.batches.append(len(samples))
        self.threads.add(threading.current_thread().name.partition("_")[0])
        assert self.open.wait(PATIENCE_SECONDS)
        return super().probabilities(samples)


@pytest.fixture
def published(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> PublishedModel:
    assert store.reconciler.sweep()
    return store.models.load(publish(store, tiny_spec()).id)


@pytest.fixture
def model(published: PublishedModel) -> Watched:
    return Watched(published)


@pytest.fixture(params=[IN_LOOP, IN_THREADS], ids=["in-loop", "in-threads"])
def batcher(request: pytest.FixtureRequest) -> Iterator[Batcher]:
    made = Batcher(2, request.param)
    yield made
    made.close()


def images(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(main, PATIENCE_SECONDS))


def test_each_request_gets_its_own_results(batcher: Batcher, model: Watched) -> None:
    sent = [images(count, seed=count) for count in (1, 3, 40, 1, 17)]

    async def main() -> list[NDArray[np.float32]]:
        return list(await asyncio.gather(*(batcher.probabilities(model, each) for each in sent)))

    answers = run(main())

    assert sum(model.batches) == 62
    assert max(model.batches) <= 16
    for each, answered in zip(sent, answers, strict=True):
        assert np.allclose(answered, ServedModel.probabilities(model, each), atol=1e-6)


def test_requests_at_once_share_a_batch(batcher: Batcher, model: Watched) -> None:
    async def main() -> None:
        await asyncio.gather(*(batcher.probabilities(model, images(1, n)) for n in range(10)))
        await batcher.probabilities(model, images(1))

    run(main())

    assert model.batches == [10, 1]


def test_requests_during_a_batch_are_the_next_batch(model: Watched) -> None:
    batcher = Batcher(2, IN_THREADS)

    async def main() -> None:
        model.open.clear()
        requests = [asyncio.create_task(batcher.probabilities(model, images(1)))]
        while not model.batches:
            await asyncio.sleep(0)  # the loop continues while the thread is blocked
        requests += [asyncio.create_task(batcher.probabilities(model, images(1, n))) for n in range(5)]
        await asyncio.sleep(0)
        assert model.batches == [1]
        model.open.set()
        await asyncio.gather(*requests)

    run(main())
    batcher.close()

    assert model.batches == [1, 5]
    assert "inference" in model.threads


def test_quick_model_runs_in_the_loop(model: Watched) -> None:
    model.threads.clear()

    run(Batcher(1, IN_LOOP).probabilities(model, images(3)))

    assert model.threads == {threading.current_thread().name}


def test_large_request_does_not_delay_a_small_one(batcher: Batcher, model: Watched) -> None:
    ended: list[str] = []

    async def ask(name: str, count: int) -> None:
        await batcher.probabilities(model, images(count))
        ended.append(name)

    async def main() -> None:
        await asyncio.gather(ask("large", 100), ask("small", 1))

    run(main())

    assert ended == ["small", "large"]


def test_models_do_not_share_batches(batcher: Batcher, published: PublishedModel) -> None:
    one, other = Watched(published), Watched(published)

    async def main() -> None:
        await asyncio.gather(*(batcher.probabilities(each, images(1)) for each in (one, other, one)))

    run(main())

    assert (one.batches, other.batches) == ([2], [1])


def test_rejected_samples_fail_alone(batcher: Batcher, model: Watched) -> None:
    async def main() -> NDArray[np.float32]:
        with pytest.raises(Exception, match="Got invalid dimensions"):
            await batcher.probabilities(model, np.zeros((40, 9, 9, 1), dtype=np.uint8))
        return await batcher.probabilities(model, images(2))

    assert run(main()).shape == (2, 10)
    assert model.batches == [16, 2]


def test_cancelled_request_is_not_computed(batcher: Batcher, model: Watched) -> None:
    async def main() -> None:
        given_up = asyncio.create_task(batcher.probabilities(model, images(3)))
        waiting = asyncio.create_task(batcher.probabilities(model, images(2)))
        asyncio.get_running_loop().call_soon(given_up.cancel)
        await asyncio.wait([given_up, waiting])
        assert given_up.cancelled()
        assert (await waiting).shape == (2, 10)

    run(main())

    assert model.batches == [2]


def test_model_is_timed_by_its_processor_time(published: PublishedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the clock, which counts what else the machine does."""
    monkeypatch.setattr(time, "thread_time", partial(next, count(0, 0.25)))

    assert ServedModel(published, threads=1).seconds_per_sample == 0.25


def test_model_that_takes_no_time_answers(
    batcher: Batcher, published: PublishedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that ticks coarsely."""
    monkeypatch.setattr(time, "thread_time", lambda: 0.25)
    quick = ServedModel(published, threads=1)

    async def main() -> NDArray[np.float32]:
        async with asyncio.timeout(60):
            return await batcher.probabilities(quick, images(40))

    assert quick.seconds_per_sample > 0
    assert run(main()).shape == (40, 10)
