import pytest
from pydantic import ValidationError

from models_store.backups.backing_up import _order
from models_store.backups.backup import FileEntry, Listed

_ENTRY = FileEntry("0" * 64, 1, 1)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "experiments/../../x", "", ".", "a/.lock", "a\0b"])
def test_path_beside_the_store_is_rejected(path: str) -> None:
    with pytest.raises(ValidationError):
        Listed(path=path, file=_ENTRY)
    with pytest.raises(ValidationError):
        Listed(path="experiments/1", files={path: _ENTRY})
    with pytest.raises(ValidationError):
        Listed(path="experiments/1", folders=(path,))


def test_content_that_is_no_sha256_is_rejected() -> None:
    with pytest.raises(ValidationError):
        Listed.model_validate_json('{"path": "experiments/1", "files": {"a": ["../../lock", 1, 1]}}')


def test_listing_is_in_the_order_of_copying() -> None:
    paths = ["holdout/x", "experiments/2", "experiments/1", "sweeps/a-b", "sweeps/a", "top.json"]
    expected = ["sweeps/a", "sweeps/a-b", "top.json", "experiments/1", "experiments/2", "holdout/x"]
    assert sorted(paths, key=_order) == expected
