"""What the environment may set. Read once in each process's composition root, then passed down."""

from pathlib import Path

from pydantic import AliasChoices, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting has the environment name `TRAINYARD_<FIELD>`, and two have the names that everybody expects."""

    model_config = SettingsConfigDict(env_prefix="TRAINYARD_", frozen=True, extra="ignore")

    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0", validation_alias=AliasChoices("REDIS_URL", "TRAINYARD_REDIS_URL")
    )
    datasets_dir: Path | None = Field(
        default=None, validation_alias=AliasChoices("DATASETS_DIR", "TRAINYARD_DATASETS_DIR")
    )
    store_dir: Path = Path("var/store")
    lease_seconds: float = Field(default=30.0, ge=0.5, le=3600)
    reconcile_seconds: float = Field(default=10.0, ge=0.1, le=3600)
    stall_seconds: float | None = Field(default=None, gt=0)
    stop_grace_seconds: float = Field(default=20.0, gt=0, le=600)
    shutdown_seconds: float = Field(default=30.0, gt=0, le=3600)
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
    inference_threads: int = Field(default=1, ge=1, le=256)
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _absolute_paths(self) -> "Settings":
        object.__setattr__(self, "store_dir", self.store_dir.expanduser().resolve())
        if self.datasets_dir is not None:
            object.__setattr__(self, "datasets_dir", self.datasets_dir.expanduser().resolve())
        return self

    @property
    def stall_limit_seconds(self) -> float:
        """Silence of a trainer, in seconds, after which it counts as stalled: set, or 20 leases."""
        return self.stall_seconds if self.stall_seconds is not None else 20 * self.lease_seconds
