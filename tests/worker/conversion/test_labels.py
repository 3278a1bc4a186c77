import pytest

from archives.errors import InvalidArchive
from worker.conversion.labels import Label, order_classes


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the class name '' is blank; name the class"),
        (" \u3000", r"the class name ' \u3000' is blank"),
        ("\u200b", r"the class name '\u200b' is blank"),
        ("a\x07", r"the class name 'a\x07' has a control character or a line break; rename the class"),
        ("a\nb", r"the class name 'a\nb' has a control character"),
        ("a\u2028b", r"the class name 'a\u2028b' has a control character or a line break"),
        ("x" * 101, "is longer than 100 characters"),
        ("Cat", "the classes 'Cat' and 'cat' differ in case only"),
        ("cat ", "the classes 'cat' and 'cat ' differ in blanks or case only"),
    ],
)
def test_class_names_must_be_plain(name: str, reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        order_classes([Label("train", each) for each in ("cat", "dog", name)])
    assert reason in str(rejection.value)


@pytest.mark.parametrize("name", ["größe", "고양이", "a b", "❤️", "👩\u200d🔬", "a\u200cb", "-", "C++"])
def test_class_names_may_have_any_letters(name: str) -> None:
    assert name in order_classes([Label("train", name), Label("train", "x")])
