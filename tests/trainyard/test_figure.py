from pathlib import Path

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from trainyard import Client

ID = samples.ID


def png(content: bytes = b"\x89PNG") -> Answer:
    return Answer(content, headers={"Content-Type": "image/png"})


def test_png_is_shown_inline_and_saved(api: CannedApi, tmp_path: Path) -> None:
    api.on("GET", f"/experiments/{ID}/plots/confusion.png", png())
    with Client(api.url) as client:
        figure = client.plot(ID, "confusion", split="validation", normalize="true")
    assert api.requests("GET", f"/experiments/{ID}/plots/confusion.png")[0].query == {
        "split": "validation",
        "normalize": "true",
    }
    assert (figure._repr_png_(), figure._repr_svg_()) == (b"\x89PNG", None)
    assert figure.save(tmp_path / "a.png").read_bytes() == b"\x89PNG"
    assert repr(figure) == "<Figure image/png, 4 bytes>"


def test_svg_is_shown_inline(api: CannedApi) -> None:
    api.on("GET", f"/experiments/{ID}/plots/history.svg", Answer("<svg/>", headers={"Content-Type": "image/svg+xml"}))
    with Client(api.url) as client:
        figure = client.plot(ID, image_format="svg")
    assert (figure._repr_png_(), figure._repr_svg_()) == (None, "<svg/>")


@pytest.mark.parametrize("split", ["test", None])
def test_sheets_and_images_are_figures(api: CannedApi, split: str | None) -> None:
    for path in (f"/experiments/{ID}/mistakes.png", "/datasets/digits/samples.png"):
        api.on("GET", path, png())
    for path in ("/compare/plots/history.png", "/compare/plots/confusion.png"):
        api.on("GET", path, png())
    api.on("GET", samples.MISTAKE["image"], png())
    api.on("POST", "/experiments:plot/augmentation.png", png())
    api.on("GET", f"/experiments/{ID}/mistakes", Answer(samples.MISTAKES))
    with Client(api.url) as client:
        [mistake] = client.misclassified(ID, split=split, suspect=True, limit=4)
        assert mistake.image is not None
        figures = (
            client.misclassified_sheet(ID, split=split, true="4"),
            client.samples_sheet("digits", label="4", split=split),
            client.plot_comparison(ID, samples.OTHER_ID),
            client.plot_comparison(ID, samples.OTHER_ID, kind="confusion", split="test"),
            client.plot_spec({"name": "tiny"}),
            client.image(mistake.image),
        )
    assert {figure.media_type for figure in figures} == {"image/png"}
    wanted = {"limit": "4", "suspect": "true", **({"split": split} if split else {})}
    assert api.requests("GET", f"/experiments/{ID}/mistakes")[0].query == wanted
