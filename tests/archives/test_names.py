import pytest

from archives.errors import InvalidArchive
from archives.names import is_system_file, quote_some, split_path


@pytest.mark.parametrize("name", ["Icon\r", "cat/Icon\r", "__MACOSX/cat/._Icon\r", "cat/._Icon\r"])
def test_icon_of_macos_is_a_system_file(name: str) -> None:
    assert is_system_file(split_path(name))


@pytest.mark.parametrize(
    "name", ["cat/myIcon\r", "c\rat/Icon\r", "Icon\r/1.png", "cat/Icon\r\r", "cat/Icon\r\n", "cat/\r"]
)
def test_other_control_characters_are_rejected(name: str) -> None:
    with pytest.raises(InvalidArchive, match="has a control character in its name"):
        split_path(name)


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "'a'"), (["a", "b\n", "c"], r"'a', 'b\n', 'c'"), (["a", "b", "c", "d"], "'a', 'b', 'c', ...")],
)
def test_some_of_many_names_are_quoted(names: list[str], text: str) -> None:
    assert quote_some(names) == text
