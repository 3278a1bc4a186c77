from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore
from typing import Any

import pytest

from api.wire import caching
from api.wire.caching import RenderCache, etag_of
from tests.analysis.plots.histories import plotted
from tests.support.waiting import PATIENCE_SECONDS


def cached(cache: RenderCache, etags: str) -> list[str]:
    """Those of the tags whose image need not be rendered."""
    absent: list[str] = []
    for etag in etags:

        def note(etag: str = etag) -> bytes:
            absent.append(etag)
            return b"larger than the cache"

        cache.get(etag, note)
    return [etag for etag in etags if etag not in absent]


def test_image_is_rendered_once() -> None:
    cache = RenderCache()

    assert cache.get("a", lambda: b"image") == b"image"
    assert cache.get("a", lambda: b"another") == b"image"


def test_least_recently_used_image_is_evicted_first() -> None:
    cache = RenderCache(max_bytes=10)
    for etag in "abc":
        cache.get(etag, lambda: b"123")
    cache.get("a", lambda: b"123")
    cache.get("d", lambda: b"123")

    assert cached(cache, "abcd") == ["a", "c", "d"]
    cache.get("e", lambda: b"1234567890")
    assert cached(cache, "acde") == ["e"]


def test_image_larger_than_the_cache_is_not_kept() -> None:
    cache = RenderCache(max_bytes=3)

    assert cache.get("a", lambda: b"1234") == b"1234"
    assert cached(cache, "a") == []
    cache.get("b", lambda: b"123")
    assert cached(cache, "b") == ["b"]


@pytest.mark.parametrize("fails", [False, True])
def test_image_asked_for_at_once_is_rendered_once(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    asked = Semaphore(0)

    class Watched(Future[bytes]):
        def result(self, timeout: float | None = None) -> bytes:
            asked.release()
            return super().result(timeout)

    monkeypatch.setattr(caching, "Future", Watched)
    cache = RenderCache()
    others: list[Future[bytes]] = []

    def render() -> bytes:
        others.extend(pool.submit(cache.get, "a", lambda: b"another") for _ in range(3))
        assert all(asked.acquire(timeout=PATIENCE_SECONDS) for _ in others)
        if fails:
            raise OSError("no memory")
        return b"image"

    with ThreadPoolExecutor(3) as pool:
        if fails:
            with pytest.raises(OSError, match="no memory"):
                cache.get("a", render)
            assert [str(each.exception()) for each in others] == ["no memory"] * 3
            assert cache.get("a", lambda: b"later") == b"later"
        else:
            assert cache.get("a", render) == b"image"
            assert [each.result() for each in others] == [b"image"] * 3


@pytest.mark.parametrize("changed", [{"skip": 1}, {"name": "other"}, {"epochs": 4}])
def test_etag_depends_on_all_that_is_drawn(changed: dict[str, Any]) -> None:
    assert etag_of("history.png", plotted(3)) == etag_of("history.png", plotted(3))
    assert etag_of("history.png", plotted(3)) != etag_of("history.svg", plotted(3))
    assert etag_of("history.png", plotted(**{"epochs": 3, **changed})) != etag_of("history.png", plotted(3))
