"""Responses that are images: PNG files, and plots as PNG or SVG; URLs of the images of samples."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from fastapi import Response
from PIL import Image

from analysis import plots
from api.wire.caching import RenderCache, Validators, cache_headers, etag_of, not_modified
from imaging.png import encode_png
from specs.splits import SplitName

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PlotFormat = Literal["png", "svg"]
_MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def png_response(image: Image.Image) -> Response:
    return Response(encode_png(image), media_type="image/png")


def plot_response(image_format: PlotFormat, draw: Callable[[], "Figure"]) -> Response:
    """Draw a plot for one request."""
    return Response(plots.figure.render(draw, image_format), media_type=_MEDIA_TYPES[image_format])


class CachedPlots:
    """Answers requests with plots: 304 if the client has it, else from the cache, else drawn. `source` is all that
    `draw` depends on."""

    def __init__(self, cache: RenderCache, validators: Validators) -> None:
        self._cache = cache
        self._validators = validators

    def respond(self, kind: str, image_format: PlotFormat, source: object, draw: Callable[[], "Figure"]) -> Response:
        etag = etag_of(f"{kind}.{image_format}", source)
        if self._validators.match(etag):
            return not_modified(etag)
        image = self._render(etag, image_format, draw)
        return Response(image, media_type=_MEDIA_TYPES[image_format], headers=cache_headers(etag))

    def svg(self, kind: str, source: object, draw: Callable[[], "Figure"]) -> bytes:
        """The same as a part of an answer."""
        return self._render(etag_of(f"{kind}.svg", source), "svg", draw)

    def _render(self, etag: str, image_format: PlotFormat, draw: Callable[[], "Figure"]) -> bytes:
        return self._cache.get(etag, lambda: plots.figure.render(draw, image_format))


def sample_url(experiment_id: str, split: SplitName, row: int) -> str:
    """Of a sample of the experiment's own dataset."""
    return f"/experiments/{experiment_id}/samples/{split}/{row}.png"


def cross_dataset_sample_url(experiment_id: str, dataset: str, row: int) -> str:
    """Of a sample of another dataset that the experiment was evaluated on."""
    return f"/experiments/{experiment_id}/evaluations/{dataset}/samples/{row}.png"
