import stat
from pathlib import Path

import pytest

from tests.trainyard.canned_api import CannedApi
from trainyard import Client
from trainyard.credentials import credentials_file, forget_key, keep_key, kept_key
from trainyard.errors import UsageError


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_key_is_kept_by_address_for_the_user_alone() -> None:
    path = keep_key("http://a", "one")
    keep_key("http://b", "two")
    keep_key("http://a", "three")

    assert path == credentials_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (kept_key("http://a"), kept_key("http://b"), kept_key("http://c")) == ("three", "two", None)
    assert forget_key("http://a")
    assert not forget_key("http://a")
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("text", ["{", "[]", '{"http://a": 1}'])
def test_damaged_file_is_named(text: str) -> None:
    credentials_file().parent.mkdir()
    credentials_file().write_text(text)

    with pytest.raises(UsageError, match="delete it"):
        kept_key("http://a")


def test_client_sends_the_nearest_key(api: CannedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(key: str | None = None) -> str | None:
        with Client(api.url, key) as client:
            header: str | None = client._http.headers.get("authorization")
            return header

    assert sent() is None
    keep_key(api.url, "kept")
    assert sent() == "Bearer kept"
    monkeypatch.setenv("TRAINYARD_KEY", "of-environment\n")
    assert sent() == "Bearer of-environment"
    assert sent("given") == "Bearer given"
    with pytest.raises(UsageError, match="copy it again"):
        sent("a b")
