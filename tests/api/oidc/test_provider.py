"""Which tokens are those of the provider, for us."""

import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.utils import base64url_encode

from api.oidc import provider as module
from api.oidc.provider import InvalidToken, Provider, challenge_of
from models_store.errors import Unavailable
from settings import Settings
from tests.support.valkey import free_port
from tests.trainyard.canned_api import Answer, CannedApi

CALLBACK = "https://trainyard.example.org/login/provider/callback"


@pytest.fixture(scope="module")
def private() -> RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2048)


@pytest.fixture
def issuer(private: RSAPrivateKey) -> Iterator[CannedApi]:
    with CannedApi() as api:
        publish(api, private)
        yield api


def publish(api: CannedApi, private: RSAPrivateKey, **changes: Any) -> None:
    endpoints = {"jwks_uri": f"{api.url}/jwks", "authorization_endpoint": f"{api.url}/authorize?tenant=1"}
    api.on("GET", "/.well-known/openid-configuration", Answer({"issuer": api.url, **endpoints, **changes}))
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    shared = {"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}
    api.on("GET", "/jwks", Answer({"keys": [{**public, "kid": "one"}, shared, {"kty": "?"}, 5]}))


def provider_of(issuer: str) -> Provider:
    return Provider(Settings(auth="keys", oidc_issuer=issuer, oidc_client_id="trainyard", oidc_redirect_uri=CALLBACK))


def claims_of(issuer: str, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": issuer, "sub": "ann", "aud": "trainyard", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in claims.items() if value is not None}


def sign(private: Any, claims: dict[str, Any], algorithm: str = "RS256", kid: str = "one") -> str:
    return jwt.encode(claims, private, algorithm, {"kid": kid})


def test_signed_token_is_valid(issuer: CannedApi, private: RSAPrivateKey) -> None:
    claims = claims_of(issuer.url)
    assert provider_of(issuer.url).verify(sign(private, claims)) == claims
    several = claims_of(issuer.url, aud=["trainyard", "other"], azp="trainyard")
    assert provider_of(issuer.url).verify(sign(private, several)) == several


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"aud": ["trainyard", "other"]},
        {"aud": ["trainyard", "other"], "azp": "other"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        *({name: None} for name in ("iss", "sub", "aud", "exp", "iat")),
    ],
)
def test_token_of_others_is_not(issuer: CannedApi, private: RSAPrivateKey, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        provider_of(issuer.url).verify(sign(private, claims_of(issuer.url, **changes)))


def forged_with_public_key(private: RSAPrivateKey, claims: dict[str, Any]) -> str:
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # As PyJWT does not: it knows a public key when it sees one.
    head, body = (base64url_encode(json.dumps(each).encode()) for each in ({"alg": "HS256", "kid": "one"}, claims))
    signature = hmac.digest(public, head + b"." + body, "sha256")
    return b".".join((head, body, base64url_encode(signature))).decode()


FORGERIES: dict[str, Callable[[RSAPrivateKey, dict[str, Any]], str]] = {
    "unsigned": lambda _, claims: jwt.encode(claims, "", "none", {"kid": "one"}),
    "other key": lambda _, claims: sign(rsa.generate_private_key(65_537, 2048), claims),
    "public key as secret": forged_with_public_key,
    "shared secret": lambda _, claims: sign("secret-secret-secret-secret-secret", claims, "HS256", "shared"),
    "other algorithm": lambda private, claims: sign(private, claims, "PS256"),
    "unknown key": lambda private, claims: sign(private, claims, kid="two"),
    "changed": lambda private, claims: sign(private, claims)[:-4] + "AAAA",
    "no JSON": lambda *_: "a.b.c",
    "empty": lambda *_: "..",
    "no text": lambda *_: "\x00.é.\udcff",
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_forged_token_is_invalid(issuer: CannedApi, private: RSAPrivateKey, kind: str) -> None:
    with pytest.raises(InvalidToken):
        provider_of(issuer.url).verify(FORGERIES[kind](private, claims_of(issuer.url)))


def test_new_key_of_the_provider_is_found(
    issuer: CannedApi, private: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_of(issuer.url)
    provider.verify(sign(private, claims_of(issuer.url)))
    other = rsa.generate_private_key(65_537, 2048)
    publish(issuer, other)
    for _ in range(3):
        with pytest.raises(InvalidToken):
            provider.verify(sign(other, claims_of(issuer.url), kid="two"))
    # Not asked at every unknown key.
    assert len(issuer.requests("GET", "/jwks")) == 1
    monkeypatch.setattr(module, "_REREAD_SECONDS", 0.0)
    with pytest.raises(InvalidToken):
        provider.verify(sign(private, claims_of(issuer.url), kid="two"))
    assert len(issuer.requests("GET", "/jwks")) == 2
    assert provider.verify(sign(other, claims_of(issuer.url)))["sub"] == "ann"


def test_absent_provider_is_unavailable(issuer: CannedApi, private: RSAPrivateKey) -> None:
    token = sign(private, claims_of(issuer.url))
    with pytest.raises(Unavailable, match="cannot be reached"):
        provider_of(f"http://127.0.0.1:{free_port()}").verify(token)
    issuer.on("GET", "/.well-known/openid-configuration", Answer({"issuer": "https://other.example"}))
    with pytest.raises(Unavailable, match=r"calls itself https://other\.example"):
        provider_of(issuer.url).verify(token)
    issuer.on("GET", "/.well-known/openid-configuration", Answer({"error": "x"}, 500))
    with pytest.raises(Unavailable, match="no usable answer"):
        provider_of(issuer.url).verify(token)


@pytest.mark.parametrize("name", ["jwks_uri", "authorization_endpoint"])
@pytest.mark.parametrize("value", [None, 5])
def test_provider_without_an_endpoint_is_no_use(
    issuer: CannedApi, private: RSAPrivateKey, name: str, value: int | None
) -> None:
    publish(issuer, private, **{name: value})
    with pytest.raises(Unavailable, match=f"names no {name}"):
        provider_of(issuer.url).authorization_url("state", "nonce", "v" * 43)


def test_code_needs_an_endpoint_to_redeem_it(issuer: CannedApi, private: RSAPrivateKey) -> None:
    with pytest.raises(Unavailable, match="names no token_endpoint"):
        provider_of(issuer.url).redeem("code", "v" * 43, "nonce")


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": [{"kty": "RSA", "n": 5, "e": "AQAB"}]}])
def test_provider_without_keys_is_unavailable(
    issuer: CannedApi, private: RSAPrivateKey, document: dict[str, Any]
) -> None:
    issuer.on("GET", "/jwks", Answer(document))
    with pytest.raises(Unavailable):
        provider_of(issuer.url).verify(sign(private, claims_of(issuer.url)))


def test_keys_stay_valid_while_the_provider_is_away(
    issuer: CannedApi, private: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, token = provider_of(issuer.url), sign(private, claims_of(issuer.url))
    provider.verify(token)
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    issuer.on("GET", "/.well-known/openid-configuration", Answer({"error": "x"}, 500))
    for _ in range(5):
        assert provider.verify(token)["sub"] == "ann"
    # Asked once more, and then not for a while.
    assert len(issuer.requests("GET", "/.well-known/openid-configuration")) == 2


def test_absent_provider_is_asked_rarely(issuer: CannedApi, private: RSAPrivateKey) -> None:
    issuer.on("GET", "/.well-known/openid-configuration", Answer({"error": "x"}, 500))
    provider = provider_of(issuer.url)
    for _ in range(5):
        with pytest.raises(Unavailable):
            provider.verify(sign(private, claims_of(issuer.url)))
    assert len(issuer.requests("GET", "/.well-known/openid-configuration")) == 1


def test_address_has_what_a_sign_in_needs(issuer: CannedApi) -> None:
    verifier = "v" * 43
    url = provider_of(issuer.url).authorization_url("state", "nonce", verifier)
    assert url.startswith(f"{issuer.url}/authorize?tenant=1&")
    for part in (
        "state=state",
        "nonce=nonce",
        f"code_challenge={challenge_of(verifier)}",
        "code_challenge_method=S256",
    ):
        assert part in url
    # RFC 7636, appendix B.
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
