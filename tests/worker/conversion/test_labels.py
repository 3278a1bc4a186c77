import pytest

from archives.errors import InvalidArchive
from specs.splits import SourceSplit
from worker.conversion.labels import Label, find_hidden, find_lists, order_classes, separate_public


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


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        ({"train": "0 1 2 -1"}, {"train"}),
        ({"train": "0 1", "test": "-1"}, {"test"}),
        ({"train": "0 1 2", "test": "-1", "validation": "0 -1"}, {"test", "validation"}),
        ({"train": "0 1", "test": "0 -1"}, {"test"}),
        ({"train": "-1 0 1", "test": "-1"}, set()),
        ({"train": "-1 1"}, set()),
        ({"train": "a b c -1"}, set()),
        ({"train": "0 1 2"}, set()),
    ],
)
def test_minus_one_may_be_a_secret_label(names: dict[SourceSplit, str], splits: set[str]) -> None:
    assert find_hidden(Label(split, name) for split, each in names.items() for name in each.split()) == splits


@pytest.mark.parametrize(
    ("names", "lists"),
    [
        (["cat|dog", "Hernia"], ["cat|dog"]),
        (["cat;dog", "dog;emu", "emu;cat"], ["cat;dog", "dog;emu", "emu;cat"]),
        (["cat, dog", "dog", "cat"], ["cat, dog"]),
        (["cat+dog", "dog", "cat"], ["cat+dog"]),
        (["['cat', 'dog']", "['cat']"], ["['cat', 'dog']"]),
        (["[1 0 0]", "[0. 1. 0.]"], ["[0. 1. 0.]", "[1 0 0]"]),
        (["tench, Tinca tinca", "goldfish, Carassius auratus"], []),
        (["tomato, healthy", "tomato, blight", "potato, healthy", "potato, blight"], []),
        (["hot dog", "hot", "dog"], []),
        (["C++", "C"], []),
        (["[unknown]", "{1}"], []),
        (["|", "a"], []),
    ],
)
def test_lists_of_labels_are_recognized(names: list[str], lists: list[str]) -> None:
    assert sorted(find_lists(names)) == lists


@pytest.mark.parametrize(
    ("found_as", "names", "splits"),
    [
        (("PublicTest", "PrivateTest"), ("0", "1"), ["validation", "test"]),
        (("test_public", "test_private"), ("cat", "dog"), ["validation", "test"]),
        (("test_public", "test_private"), ("public", "private"), ["test", "test"]),
        (("test_Public_bus", "test_private_car"), ("public_bus", "private_car"), ["test", "test"]),
        (("test",), ("public", "private"), ["test"]),
    ],
)
def test_public_of_two_tests_is_for_validation(
    found_as: tuple[str, ...], names: tuple[str, str], splits: list[SourceSplit]
) -> None:
    labels = [Label("test", name, each) for each, name in zip(found_as, names, strict=False)]
    separate = separate_public(iter([*labels, Label("train", names[0])]))
    assert [separate(label).split for label in labels] == splits
