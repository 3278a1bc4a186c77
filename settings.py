"""Settings from the environment, read once in each process's composition root and passed down."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from specs.access import KeyScope

VERSION = "0.2.0"

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@*\s]+")
_HOST = re.compile(r"(?:\*\.)?[^/?#@\s:*]+")


def _split(value: object) -> object:
    """Text from the environment, at commas and blanks."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _check_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """As browsers write them in `Origin`: lower case, without a path and without the port that the scheme implies."""
    origins = []
    for value in values:
        origin = re.sub(r"^(http://.*):80$|^(https://.*):443$", r"\1\2", value.lower().removesuffix("/"))
        _check_ascii(value)
        if value != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{value[:100]!r} is not an origin such as https://app.example.org, nor * for all of them")
        origins.append(origin)
    return tuple(origins)


def _check_hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    """As browsers write them in `Host`, in lower case; the dot of the root at the end is optional there."""
    hosts = []
    for value in values:
        host = value.lower().removesuffix(".")
        _check_ascii(value)
        if value != "*" and not _HOST.fullmatch(host):
            raise ValueError(
                f"{value[:100]!r} is not a name such as lab.example.org, without scheme and port, nor *.example.org "
                "for all names below it, nor * for all"
            )
        hosts.append(host)
    return tuple(hosts)


def _is_safe(url: str) -> bool:
    """Whether nobody between can read or change what is sent there."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))
    )


def _check_ascii(value: str) -> None:
    if not value.isascii():
        raise ValueError(
            f"{value[:100]!r} is not ASCII; write the name as browsers send it, in punycode, such as "
            "xn--mnchen-3ya.example"
        )


def _check_processes(value: object) -> object:
    if value == "auto":
        return value
    count = int(str(value)) if str(value).isdecimal() else 0
    if not 1 <= count <= 256:
        raise ValueError("expected a number from 1 to 256, or auto for one process per core")
    return count


# Requests; 0: no limit.
PerMinute = Annotated[int, Field(ge=0, le=600_000)]
ApiProcesses = Annotated[int | Literal["auto"], BeforeValidator(_check_processes)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_origins)]
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_hosts)]


class Settings(BaseSettings):
    """Each setting is read from `TRAINYARD_<FIELD>`, three also from REDIS_URL, DATASETS_DIR and MODELS_DIR, one only
    from CUDA_VISIBLE_DEVICES."""

    model_config = SettingsConfigDict(env_prefix="TRAINYARD_", frozen=True, extra="ignore")

    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0", validation_alias=AliasChoices("REDIS_URL", "TRAINYARD_REDIS_URL")
    )
    datasets_dir: Path | None = Field(
        default=None, validation_alias=AliasChoices("DATASETS_DIR", "TRAINYARD_DATASETS_DIR")
    )
    models_dir: Path | None = Field(default=None, validation_alias=AliasChoices("MODELS_DIR", "TRAINYARD_MODELS_DIR"))
    cuda_visible_devices: str | None = Field(default=None, validation_alias=AliasChoices("CUDA_VISIBLE_DEVICES"))
    store_dir: Path = Path("var/store")
    lease_seconds: float = Field(default=30.0, ge=0.5, le=3600)
    reconcile_seconds: float = Field(default=10.0, ge=0.1, le=3600)
    stall_seconds: float | None = Field(default=None, gt=0)
    stop_grace_seconds: float = Field(default=20.0, gt=0, le=600)
    shutdown_seconds: float = Field(default=30.0, gt=0, le=3600)
    checkpoint_seconds: float = Field(default=30.0, ge=0, le=86_400)
    preemption: bool = False
    preemption_seconds: float = Field(default=60.0, ge=0, le=604_800)
    retention_days: float | None = Field(default=None, ge=0)
    retention_count: int | None = Field(default=None, ge=0)
    retention_bytes: int | None = Field(default=None, ge=0)
    retention_seconds: float = Field(default=3600.0, ge=0.1, le=604_800)
    trainer_max_jobs: int = Field(default=20, ge=1, le=10_000)
    cpu_devices: int = Field(default=1, ge=1, le=64)
    trainer_max_growth_bytes: int = Field(default=500_000_000, ge=0)
    spare_trainer: bool = True
    max_attempts: int = Field(default=3, ge=1, le=100)
    max_image_pixels: int = Field(default=20_000_000, ge=1)
    max_waiting_images: int = Field(default=512, ge=1)
    max_waiting_bytes: int = Field(default=64_000_000, ge=1)
    max_archive_bytes: int = Field(default=2_000_000_000, ge=1)
    max_archive_files: int = Field(default=200_000, ge=1)
    max_dataset_bytes: int = Field(default=4_000_000_000, ge=1)
    max_batch_bytes: int = Field(default=500_000_000, ge=1)
    max_batch_images: int = Field(default=50_000, ge=1)
    max_loaded_bytes: int = Field(default=200_000_000, ge=1)
    prediction_seconds: float = Field(default=3600.0, ge=0, le=604_800)
    max_prediction_bytes: int = Field(default=500_000_000, ge=0)
    webhook_private_addresses: bool = False
    webhook_retry_seconds: float = Field(default=5.0, ge=0.01, le=3600)
    api_processes: ApiProcesses = 1
    inference_threads: int = Field(default=1, ge=1, le=256)
    cors_origins: Origins = ()
    hosts: Hosts = ()
    auth: Literal["none", "keys"] = "none"
    rate_read: PerMinute = 12_000
    rate_write: PerMinute = 1_200
    rate_upload: PerMinute = 60
    rate_predict: PerMinute = 60_000
    rate_failed_keys: PerMinute = 60
    rate_sign_ins: PerMinute = 120
    max_streams: int = Field(default=100, ge=1, le=100_000)
    private: bool = False
    quota_running: int | None = Field(default=None, ge=0)
    quota_queued: int | None = Field(default=None, ge=0)
    quota_training_minutes: int | None = Field(default=None, ge=0)
    quota_bytes: int | None = Field(default=None, ge=0)
    quota_predictions: int | None = Field(default=None, ge=0)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_redirect_uri: str | None = None
    oidc_request_scopes: str = "openid profile email"
    oidc_owner_claim: str = "sub"
    oidc_groups_claim: str = "groups"
    oidc_scopes: dict[str, tuple[KeyScope, ...]] | None = None
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _absolute_paths(self) -> "Settings":
        object.__setattr__(self, "store_dir", self.store_dir.expanduser().resolve())
        for name in ("datasets_dir", "models_dir"):
            if (folder := getattr(self, name)) is not None:
                object.__setattr__(self, name, folder.expanduser().resolve())
        return self

    @model_validator(mode="after")
    def _complete_oidc(self) -> "Settings":
        if self.oidc_issuer is None:
            return self
        if self.auth != "keys":
            raise ValueError("TRAINYARD_OIDC_ISSUER needs TRAINYARD_AUTH=keys: who signs in gets a key")
        if not self.oidc_client_id or not self.oidc_redirect_uri:
            raise ValueError(
                "TRAINYARD_OIDC_ISSUER needs TRAINYARD_OIDC_CLIENT_ID, and TRAINYARD_OIDC_REDIRECT_URI: the address of "
                "this service as browsers reach it, with /login/provider/callback"
            )
        for url in (self.oidc_issuer, self.oidc_redirect_uri):
            if not _is_safe(url):
                raise ValueError(f"{url[:100]!r} is neither an https:// address nor one of this machine")
        return self

    @property
    def quota(self) -> dict[str, int | None]:
        """What each owner may use by default, by what is limited."""
        prefix = "quota_"
        return {name.removeprefix(prefix): value for name, value in self if name.startswith(prefix)}

    @property
    def stall_limit_seconds(self) -> float:
        """Silence, in seconds, after which a trainer counts as stalled: as set, or 20 leases."""
        return self.stall_seconds if self.stall_seconds is not None else 20 * self.lease_seconds


_COMMON_NAMES = ("REDIS_URL", "DATASETS_DIR", "MODELS_DIR")


def main() -> None:
    """`python -m settings`: print what `trainyard up` has to know as JSON, or exit with the invalid setting's name."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            sys.exit(f"the environment's settings contradict each other: {first['msg']}")
        field = str(first["loc"][0]).upper()
        name = field if field in _COMMON_NAMES else f"TRAINYARD_{field}"
        sys.exit(f"the environment's {name} is {first['input']!r}: {first['msg']}")
    set_by_environment = settings.model_dump(mode="json", exclude_unset=True)
    print(json.dumps({**set_by_environment, "shutdown_seconds": settings.shutdown_seconds}))


if __name__ == "__main__":
    main()
