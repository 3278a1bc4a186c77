import pytest

from analysis.plots.text_layout import legible, legible_names, shorten, width_of, wrap


def test_letters_that_the_font_lacks_are_boxes() -> None:
    assert legible("ä ✓ كلب") == "ä ✓ كلب"
    assert legible("a 中\tb\x07") == "a □□b□"


def test_classes_whose_names_cannot_be_written_are_told_apart_by_index() -> None:
    assert legible_names(["cat", "中文", "字体"]) == ["cat", "#1 □□", "#2 □□"]


@pytest.mark.parametrize(
    "text", ["a class name of forty characters, no less", "W" * 40, "i" * 200, "كلب كبير جدا " * 3]
)
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_a_text_is_cut_where_the_room_ends(text: str, weight: str) -> None:
    short = shorten(text, 1.0, 7, weight)  # type: ignore[arg-type]
    longer = f"{text[: len(short)]}…"

    assert text.startswith(short.removesuffix("…"))
    assert width_of(short, 7, weight) <= 1.0 < width_of(longer, 7, weight)  # type: ignore[arg-type]


def test_what_fits_is_left_and_where_nothing_fits_nothing_is_written() -> None:
    assert shorten("cat", 1.0, 7) == "cat"
    assert shorten("cat", 0.01, 7) == ""
    assert shorten("", 1.0, 7) == ""


def test_lines_are_no_wider_than_the_room() -> None:
    lines = wrap("several words that do not fit into one line", 1.0, 8)

    assert " ".join(lines) == "several words that do not fit into one line"
    assert max(width_of(line, 8) for line in lines) <= 1.0


def test_nothing_has_no_width() -> None:
    assert width_of("", 8) == 0.0
    assert width_of("WW", 8) > width_of("W", 8) > width_of("i", 8) > 0
