"""A provider of OpenID Connect in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.support import local_http
from tests.support.valkey import free_port
from tests.support.waiting import eventually

CLIENT = "trainyard"


class OpenIdProvider:
    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port)]
        with log.open("wb") as file:
            self._process = subprocess.Popen([*command, "--require-nonce", "true"], stdout=file, stderr=file)
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            return local_http.get(f"{self.issuer}/jwks").is_success
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def add(self, subject: str, **claims: Any) -> None:
        local_http.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def sign_in(self, url: str, subject: str) -> str:
        """What somebody does in the browser at the address `url` of the provider; the address it is sent back to."""
        answer = local_http.post(url, data={"sub": subject})
        assert answer.is_redirect, answer.text
        return str(answer.headers["location"])

    def token(self, subject: str, audience: str = CLIENT, nonce: str = "n") -> str:
        """An ID token that another program got for itself."""
        back = "http://127.0.0.1/back"
        query = {"response_type": "code", "client_id": audience, "redirect_uri": back, "scope": "openid profile email"}
        url = httpx2.URL(f"{self.issuer}/oauth2/authorize", params={**query, "state": "s", "nonce": nonce})
        code = parse_qs(urlsplit(self.sign_in(str(url), subject)).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_id": audience}
        answer = local_http.post(f"{self.issuer}/oauth2/token", data={**form, "client_secret": "x"})
        return str(answer.json()["id_token"])


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    started = OpenIdProvider(tmp_path_factory.mktemp("provider") / "log")
    yield started
    started.stop()


def code_in(location: str) -> str:
    """The code in the address that a sign-in comes back to."""
    match = re.search(r"[#?](?:login|code)=([^&]+)$", location)
    assert match is not None, location
    return match[1]
