"""A provider of OpenID Connect: where people sign in, and whose tokens say who they are.

As in OpenID Connect Core 1.0 (code flow, 3.1) and Discovery 1.0, with PKCE (RFC 7636).
"""

import base64
import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import jwt

from models_store.errors import Unavailable
from settings import Settings

# Signatures with a public key alone, each key with its own: with HS256 the public key could sign.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_SECONDS = 5.0
_LEEWAY_SECONDS = 30
_MAX_BYTES = 1_000_000
# Keys of the provider are read again when a token names an unknown one, at most so often, and in any case so often.
_REREAD_SECONDS = 60.0
_FRESH_SECONDS = 3600.0
# While it is away nobody waits for it but once in so long.
_RETRY_SECONDS = 10.0
_PATH = "/.well-known/openid-configuration"
log = logging.getLogger(__name__)

Claims = Mapping[str, Any]


class InvalidToken(Exception):
    """The provider has not issued this token, or not for us, or it has expired."""


class Provider:
    """The provider that the settings name. Blocks on the network; safe for any number of threads."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = (settings.oidc_issuer or "").rstrip("/")
        self._client_id = settings.oidc_client_id or ""
        self._secret = settings.oidc_client_secret
        self._redirect_uri = settings.oidc_redirect_uri or ""
        self._scopes = settings.oidc_request_scopes
        self._lock = threading.Lock()
        self._read_at = self._retry_at = float("-inf")
        self._metadata: dict[str, Any] = {}
        self._keys: dict[str, jwt.PyJWK] = {}

    def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Where somebody signs in. Raises Unavailable."""
        self._read(_FRESH_SECONDS)
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = _endpoint(self._metadata, "authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def redeem(self, code: str, verifier: str, nonce: str) -> Claims:
        """Who has signed in. Raises InvalidToken, Unavailable."""
        self._read(_FRESH_SECONDS)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
            **({"client_secret": self._secret.get_secret_value()} if self._secret else {}),
        }
        answer = self._request("POST", _endpoint(self._metadata, "token_endpoint"), data=form)
        claims = self.verify(str(answer.get("id_token", "")))
        if claims.get("nonce") != nonce:
            raise InvalidToken("the token was issued for another sign-in")
        return claims

    def verify(self, token: str) -> Claims:
        """The claims of a token that the provider has signed for us. Raises InvalidToken, Unavailable."""
        try:
            key = self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._client_id,
                issuer=self._metadata["issuer"],
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
        except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
            raise InvalidToken(f"{type(error).__name__}: {error}") from None
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self._client_id:
            raise InvalidToken("it was issued to another client")
        return claims

    def _key(self, kid: str) -> jwt.PyJWK:
        """A provider that has one key alone need not name it."""
        self._read(_FRESH_SECONDS)
        if kid and kid not in self._keys:
            self._read(_REREAD_SECONDS)
        keys = [self._keys[kid]] if kid in self._keys else [] if kid else list(self._keys.values())
        if len(keys) != 1:
            raise InvalidToken("it names no key that the provider has")
        return keys[0]

    def _read(self, at_most_seconds: float) -> None:
        """What the provider says of itself, and its keys, not older than that, or as they were if it is away. Raises
        Unavailable if they were never read."""
        with self._lock:
            now = time.monotonic()
            if now - self._read_at >= at_most_seconds and now >= self._retry_at:
                self._retry_at = now + _RETRY_SECONDS
                try:
                    self._read_again()
                except (Unavailable, InvalidToken):
                    if not self._keys:
                        raise
            if not self._keys:
                raise Unavailable("the provider for signing in could not be reached; try again in a moment")

    def _read_again(self) -> None:
        metadata = self._request("GET", f"{self.issuer}{_PATH}")
        if str(metadata.get("issuer")).rstrip("/") != self.issuer:
            raise Unavailable(f"the provider calls itself {str(metadata.get('issuer'))[:100]}, not {self.issuer}")
        self._keys = _parse_keys(self._request("GET", _endpoint(metadata, "jwks_uri")))
        self._metadata = metadata
        self._read_at = time.monotonic()
        self._retry_at = float("-inf")

    def _request(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        """The JSON of an answer. Raises Unavailable; what the provider rejects is InvalidToken."""
        try:
            with httpx2.Client(timeout=_SECONDS) as client:
                response = client.request(method, url, **options)
                document = response.json() if len(response.content) <= _MAX_BYTES else None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            log.warning("%s %s: %r", method, url, error)
            raise Unavailable("the provider for signing in cannot be reached; try again in a moment") from None
        if response.is_client_error and method == "POST":
            raise InvalidToken(f"the provider has rejected the code: {str(document)[:200]}")
        if not response.is_success or not isinstance(document, dict):
            log.warning("%s %s: status %d", method, url, response.status_code)
            raise Unavailable("the provider for signing in gives no usable answer; try again in a moment")
        return document


def challenge_of(verifier: str) -> str:
    """RFC 7636, 4.2: S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _endpoint(metadata: Mapping[str, Any], name: str) -> str:
    """Raises Unavailable."""
    endpoint = metadata.get(name)
    if not isinstance(endpoint, str):
        raise Unavailable(f"the provider for signing in names no {name}; an admin looks at {_PATH} of the provider")
    return endpoint


def _parse_keys(document: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """By id; those that are not for signatures, or of unknown kinds, are left out."""
    keys, published = {}, document.get("keys")
    for each in published if isinstance(published, list) else ():
        try:
            if each.get("use", "sig") == "sig" and (key := jwt.PyJWK(each)).algorithm_name in _ALGORITHMS:
                keys[str(each.get("kid", ""))] = key
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:
            log.warning("a key of the provider is left out: %s", error)
    return keys
