"""Training options: optimizer, loss, batches, epochs, callbacks, precision."""

from typing import Literal, Self

from pydantic import Field, model_validator

from specs import limits
from specs.class_weights import ClassWeight
from specs.learning_rates import LearningRateSchedule, TrainingLength
from specs.losses import Loss
from specs.optimizers import Adam, Optimizer
from specs.schema import FieldError, Schema

Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]
Precision = Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"]


class EarlyStopping(Schema):
    """Stop when `monitor` has not improved by more than `min_delta` for `patience` epochs.

    Accuracies improve upward, losses downward. Epochs before `start_from_epoch` (from 0) do not count. An epoch that
    does not beat `baseline` counts as no improvement.
    """

    monitor: Monitor = "val_loss"
    min_delta: float = Field(default=0.0, ge=0, le=limits.LEARNING_RATE)
    patience: int = Field(default=10, ge=0, le=limits.EPOCHS)
    restore_best_weights: bool = True
    baseline: float | None = Field(default=None, ge=0, le=limits.LEARNING_RATE)
    start_from_epoch: int = Field(default=0, ge=0, le=limits.EPOCHS)


class ReduceLROnPlateau(Schema):
    """Multiply the learning rate by `factor`, but not below `min_lr`, when `monitor` has not improved by more than
    `min_delta` for `patience` epochs; then wait `cooldown` epochs before counting again."""

    monitor: Monitor = "val_loss"
    factor: float = Field(default=0.1, gt=0, lt=1)
    patience: int = Field(default=10, ge=0, le=limits.EPOCHS)
    min_delta: float = Field(default=1e-4, ge=0, le=limits.LEARNING_RATE)
    cooldown: int = Field(default=0, ge=0, le=limits.EPOCHS)
    min_lr: float = Field(default=0.0, ge=0, le=limits.LEARNING_RATE)


class TrainingSpec(Schema):
    """`max_minutes` is a time budget: training stops at its end and keeps the best weights so far.

    `precision: auto` means mixed_bfloat16 if the device supports it, the network has convolutions, and the training is
    not deterministic; otherwise float32. The final evaluation and the published model always use float32.
    """

    optimizer: Optimizer = Field(default_factory=Adam)
    loss: Loss = "auto"
    batch_size: int = Field(default=128, ge=1)
    epochs: int = Field(default=30, ge=1, le=limits.EPOCHS)
    class_weight: ClassWeight | None = None
    seed: int = Field(default=0, ge=0, le=limits.SEED)
    deterministic: bool = False
    precision: Precision = "auto"
    early_stopping: EarlyStopping | None = None
    reduce_lr_on_plateau: ReduceLROnPlateau | None = None
    max_minutes: float = Field(default=60.0, gt=0, le=limits.MINUTES)

    @model_validator(mode="after")
    def _check_plateau(self) -> Self:
        if self.reduce_lr_on_plateau is not None and not isinstance(self.optimizer.learning_rate, int | float):
            raise FieldError(
                ("reduce_lr_on_plateau",),
                f"cannot be combined with the schedule {self.optimizer.learning_rate.type}, which sets the learning "
                "rate of every step; give a number as `learning_rate`, or leave out `reduce_lr_on_plateau`",
            )
        return self

    def learning_rate_schedule(self, steps_per_epoch: int) -> LearningRateSchedule:
        """The schedule as planned; `reduce_lr_on_plateau` may lower it during training."""
        return LearningRateSchedule(self.optimizer.learning_rate, TrainingLength(steps_per_epoch, self.epochs))
