"""Drawing on the page: a model that was trained on digits answers."""

import io
import re
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, Route, expect

from models_store.experiments.pages import Query
from models_store.experiments.record import Record
from specs.experiment import ExperimentSpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.page.strokes import FOUR, ONE, SEVEN, draw
from tests.page.trained import digits_network
from tests.support.published import publish
from tests.support.site import Site
from tests.support.waiting import eventually

pytestmark = needs_page

# From the middle of the board, in steps of 10: the same strokes.
FOUR_BY_KEYS = [
    "ArrowLeft " * 4 + "ArrowUp " * 8 + "Space " + "ArrowDown " * 9 + "ArrowRight " * 9 + "Space",
    "ArrowLeft " * 2 + "ArrowUp " * 8 + "Space " + "ArrowDown " * 15 + "Space",
]
BLOBS = {"dataset": {"name": "blobs"}, "model": {"preset": "blobs-mlp"}}


def publish_digits(site: Site, document: dict[str, Any], name: str, val_accuracy: float = 0.9) -> Record:
    spec = ExperimentSpec.model_validate({**document, "name": name})
    return publish(site.store, spec, val_accuracy, network=digits_network(), confident_from=0.5)


@pytest.fixture
def served(site: Site, tiny_document: dict[str, Any]) -> Record:
    return publish_digits(site, tiny_document, "reader")


def answer(page: Page) -> Any:
    return page.locator("article .large")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_drawn_seven_is_read(open_page: OpenPage, served: Record, width: int, dark: bool) -> None:
    page = open_page("#/draw", width=width, dark=dark)
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    expect(page.get_by_role("link", name="reader")).to_have_attribute("href", f"#/run/{served.id}")
    expect(page.get_by_role("img", name="What the network saw")).to_be_visible()
    assert axe_findings(page) == []
    shot(page, f"draw-{width}")


def test_answers_come_while_drawing(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw")
    page.locator("#board").hover(position={"x": 100, "y": 80})
    page.mouse.down()
    page.mouse.move(500, 300, steps=5)
    expect(answer(page)).to_be_visible()
    page.mouse.up()


def test_one_request_is_in_flight_at_a_time(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw")
    held: list[Route] = []
    page.route("**/predict?*", lambda route: held.append(route))  # noqa: PLW0108 - it inspects the signature
    draw(page, ONE)
    expect(page.get_by_role("button", name="Clear")).to_be_enabled()
    draw(page, SEVEN)
    eventually(lambda: held or page.evaluate("0"))
    assert (len(held), page.locator("article").count()) == (1, 0)
    held[0].continue_()
    expect(answer(page)).to_be_visible()
    page.unroute("**/predict?*")


def test_board_is_drawn_on_with_the_keyboard(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw")
    expect(page.locator("#board")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator("#board")).to_be_focused()
    for keys in FOUR_BY_KEYS:
        for key in keys.split():
            page.keyboard.press(" " if key == "Space" else key)
    expect(answer(page)).to_have_text("4")
    for _ in range(2):
        page.keyboard.press("u")
    expect(page.locator("article")).to_have_count(0)


def test_correction_joins_a_dataset_and_a_run(open_page: OpenPage, site: Site, served: Record) -> None:
    page = open_page("#/draw")
    draw(page, SEVEN)
    page.get_by_role("button", name="It is 1", exact=True).click()
    expect(page.get_by_text("Saved as 1 in digits-corrections.")).to_be_visible()
    page.get_by_role("link", name="Show them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("digits-corrections")
    page.go_back()
    expect(answer(page)).to_have_text("7")
    expect(page.get_by_text("Saved as 1 in digits-corrections.")).to_be_visible()

    page.get_by_role("link", name="Train with the corrections").click()
    changes = page.get_by_role("region", name="Changes since the start")
    expect(changes).to_contain_text("add: [digits-corrections]")
    expect(changes).to_contain_text(re.compile(f'weights_from: "?{served.id}'))
    assert [each.id for each in site.store.experiments.page(Query()).items] == [served.id]
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/#/run/*")
    started = site.store.experiments.get(page.url.rsplit("/", 1)[-1])
    assert started.based_on == served.id
    assert [each.name for each in started.spec.dataset.add] == ["digits-corrections"]


def test_why_shows_what_speaks_for_the_answer(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw")
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    seen = page.get_by_role("img", name="What the network saw")
    why = page.get_by_role("button", name="Why 7?")
    why.click()
    expect(page.get_by_text("Orange: speaks for 7")).to_be_visible()
    expect(page.locator(".why [role=status]")).to_have_text(re.compile("matters most|No single place"))
    expect(seen).to_have_js_property("naturalWidth", 224)
    why.click()
    expect(page.locator(".legend")).to_have_count(0)
    expect(seen).to_have_js_property("naturalWidth", 8)


def test_duel_answers_side_by_side(
    open_page: OpenPage, site: Site, served: Record, tiny_document: dict[str, Any]
) -> None:
    other = publish_digits(site, tiny_document, "second", 0.8)
    page = open_page(f"#/draw?ids={served.id},{other.id}")
    draw(page, SEVEN)
    expect(page.get_by_text("All say 7.")).to_be_visible()
    page.get_by_role("button", name="Remove second").click()
    expect(page.locator("article")).to_have_count(1)


def test_chosen_file_is_read(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw")
    image = Image.new("L", (90, 90), 255)
    ImageDraw.Draw(image).line([(45, 15), (45, 75)], fill=0, width=9)
    file = io.BytesIO()
    image.save(file, "PNG")
    page.locator("input[type=file]").set_input_files(
        {"name": "one.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(answer(page)).to_have_text("1")
    page.get_by_text("The same question in a terminal").click()
    expect(page.get_by_text("curl -F file=@one.png")).to_be_visible()


def test_file_that_is_no_image_is_named(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw")
    page.locator("input[type=file]").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no image"}
    )
    expect(page.get_by_text("notes.txt could not be read as an image (received text/plain)")).to_be_visible()


def test_refused_camera_says_what_to_do(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )
    page.get_by_role("button", name="Camera").click()
    expect(page.get_by_role("alert")).to_contain_text("Allow it in the settings of the site")
    expect(page.get_by_text("Take or open a photo")).to_be_visible()


def test_row_of_digits_is_read(open_page: OpenPage, served: Record) -> None:
    page = open_page("#/draw?row=true")
    draw(page, SEVEN)
    for stroke in FOUR:
        draw(page, [(x + 250, y) for x, y in stroke])
    expect(answer(page)).to_have_text("74")


def test_numbers_are_typed_for_features(open_page: OpenPage, site: Site) -> None:
    publish(site.store, ExperimentSpec.model_validate(BLOBS))
    page = open_page("#/draw?dataset=blobs")
    page.get_by_label("x1").fill("1,5")
    page.get_by_label("x2").fill("-2")
    # both features are above 0 in class 0, the first alone in class 1
    expect(answer(page)).to_have_text("1")


def test_without_a_model_the_way_to_one_is_shown(open_page: OpenPage) -> None:
    page = open_page("#/draw")
    expect(page.get_by_role("heading", name="No model yet")).to_be_visible()


def test_draw_speaks_korean(open_page: OpenPage, served: Record, watch: Watch) -> None:
    page = open_page("#/draw", width=390, locale="ko-KR")
    draw(page, SEVEN)
    expect(page.get_by_role("heading", name="그리기")).to_be_visible()
    expect(answer(page)).to_have_text("7")
    shot(page, "draw-ko")
