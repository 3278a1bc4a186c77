"""How the network is trained."""

from typing import Literal

from pydantic import Field

from specs import caps
from specs.optimizers import Adam, Optimizer
from specs.schema import Schema

Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]


class EarlyStopping(Schema):
    """Stop when `monitor` has not improved by more than `min_delta` for `patience` epochs."""

    monitor: Monitor = "val_loss"
    min_delta: float = Field(default=0.0, ge=0, le=caps.LEARNING_RATE)
    patience: int = Field(default=10, ge=0, le=caps.EPOCHS)
    restore_best_weights: bool = True


class TrainingSpec(Schema):
    """`max_minutes` is a budget: past it the run ends with the best weights so far."""

    optimizer: Optimizer = Field(default_factory=Adam)
    batch_size: int = Field(default=128, ge=1)
    epochs: int = Field(default=30, ge=1, le=caps.EPOCHS)
    seed: int = Field(default=0, ge=0, le=caps.SEED)
    deterministic: bool = False
    early_stopping: EarlyStopping | None = None
    max_minutes: float = Field(default=60.0, gt=0, le=caps.MINUTES)
