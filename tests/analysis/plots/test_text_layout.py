import pytest

from analysis.plots.text_layout import Weight, legible, legible_names, shorten, width_of, wrap


def test_missing_characters_are_boxes() -> None:
    assert legible("ä ✓ كلب") == "ä ✓ كلب"
    assert legible("a ก\tb\x07") == "a □□b□"


def test_illegible_names_begin_with_their_index() -> None:
    assert legible_names(["cat", "กข", "ฃค"]) == ["cat", "#1 □□", "#2 □□"]


def test_east_asian_names_are_legible() -> None:
    names = ["고양이", "猫とネコ", "简体繁體", "뷁", "㈜「々」"]

    assert legible_names(names) == names
    assert width_of("고양이", 8) > width_of("고", 8) > 0


@pytest.mark.parametrize(
    "text",
    ["a class name of forty characters, no less", "W" * 40, "i" * 200, "كلب كبير جدا " * 3, "한국어 긴 이름 " * 3],
)
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_text_is_cut_at_the_width(text: str, weight: Weight) -> None:
    short = shorten(text, 1.0, 7, weight)
    longer = f"{text[: len(short)]}…"

    assert text.startswith(short.removesuffix("…"))
    assert width_of(short, 7, weight) <= 1.0 < width_of(longer, 7, weight)


def test_text_that_fits_is_kept_or_else_empty() -> None:
    assert shorten("cat", 1.0, 7) == "cat"
    assert shorten("cat", 0.01, 7) == ""
    assert shorten("", 1.0, 7) == ""


def test_lines_are_no_wider_than_the_width() -> None:
    lines = wrap("several words that do not fit into one line", 1.0, 8)

    assert " ".join(lines) == "several words that do not fit into one line"
    assert max(width_of(line, 8) for line in lines) <= 1.0


def test_width_of_letters() -> None:
    assert width_of("", 8) == 0.0
    assert width_of("WW", 8) > width_of("W", 8) > width_of("i", 8) > 0


def test_word_wider_than_a_line_is_broken() -> None:
    lines = wrap("a " + "W" * 100 + ": b", 2.0, 11, "bold")

    assert "".join(lines).replace(" ", "") == "a" + "W" * 100 + ":b"
    assert max(width_of(line, 11, "bold") for line in lines) <= 2.0
    assert lines[0] == "a"
