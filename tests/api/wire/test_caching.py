from typing import Any

import pytest

from api.wire.caching import RenderCache, etag_of
from tests.analysis.plots.histories import plotted


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


@pytest.mark.parametrize("changed", [{"skip": 1}, {"name": "other"}, {"epochs": 4}])
def test_etag_depends_on_all_that_is_drawn(changed: dict[str, Any]) -> None:
    assert etag_of("history.png", plotted(3)) == etag_of("history.png", plotted(3))
    assert etag_of("history.png", plotted(3)) != etag_of("history.svg", plotted(3))
    assert etag_of("history.png", plotted(**{"epochs": 3, **changed})) != etag_of("history.png", plotted(3))
