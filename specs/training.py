"""Training options: optimizer, loss, batches, epochs, callbacks, precision."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from specs import limits
from specs.class_weights import ClassWeight
from specs.learning_rate_schedule import LearningRateSchedule
from specs.learning_rates import TrainingLength
from specs.losses import Loss
from specs.optimizers import Adam, Optimizer
from specs.problem import format_value, quantity
from specs.schema import FieldError, Schema

Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]
Keep = Literal["best", "last"]
KeepState = Literal["auto"] | bool
Precision = Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"]
DeviceClass = Literal["cpu", "gpu", "gpu16", "gpu24", "gpu80"]


_BATCH_SIZE = 128
_MIN_BATCHES = 2


def default_batch_size(samples: int) -> int:
    """128, or the largest power of two with which an epoch over `samples` has two batches, but at least 2 if there are
    so many: BatchNormalization learns nothing from one."""
    affordable = max(min(2, samples), samples // _MIN_BATCHES)
    return int(min(_BATCH_SIZE, 2 ** (affordable.bit_length() - 1)))


class EarlyStopping(Schema):
    """Stop when `monitor` has not improved by more than `min_delta` for `patience` epochs.

    Accuracies improve upward, losses downward. Epochs before `start_from_epoch` (from 0) do not count. An epoch that
    does not beat `baseline` counts as no improvement. Which epoch is published is `training.keep`;
    `restore_best_weights` is Keras's name for it: true is read as `keep: best`, false as `keep: last`.
    """

    monitor: Monitor = "val_loss"
    min_delta: float = Field(default=0.0, ge=0, le=limits.LEARNING_RATE)
    patience: int = Field(default=10, ge=0, le=limits.EPOCHS)
    restore_best_weights: bool | None = None
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
    """`keep` says which epoch is published: the `best` by `early_stopping.monitor`, or without early stopping by
    `val_accuracy` (ties are broken by the lower `val_loss`), or the `last` one.

    `batch_size` defaults to 128, and for a training split of less than 256 samples to what makes at least two batches.

    `keep_state` says whether the training state is kept at the end, so that another experiment can continue from it:
    `auto` keeps at most 100 MB, and none of the trials of a sweep.

    `max_minutes` is a time budget: training stops at its end, and publishes one of the epochs so far.

    `device` insists on the processor or a GPU, `gpu24` on one with 24 GB, and waits for a worker that has it.

    With several `devices`, GPUs of one machine, each computes a part of every batch; `batch_size` is that of all
    together, and the result is that of one device but for rounding, and for Dropout, which draws for each part.

    `precision: auto` means mixed_bfloat16 if the device supports it, the network has convolutions, and the training is
    not deterministic; otherwise float32. The final evaluation and the published model always use float32.
    """

    optimizer: Optimizer = Field(default_factory=Adam)
    loss: Loss = "auto"
    batch_size: int = Field(default=_BATCH_SIZE, ge=1)
    epochs: int = Field(default=30, ge=1, le=limits.EPOCHS)
    class_weight: ClassWeight | None = None
    seed: int = Field(default=0, ge=0, le=limits.SEED)
    deterministic: bool = False
    precision: Precision = "auto"
    # Documents from before there were these members are equal to those without them.
    device: DeviceClass | None = Field(default=None, exclude_if=lambda wanted: wanted is None)
    devices: int = Field(default=1, ge=1, le=limits.DEVICES, exclude_if=lambda number: number == 1)
    keep: Keep = "best"
    keep_state: KeepState = "auto"
    early_stopping: EarlyStopping | None = None
    reduce_lr_on_plateau: ReduceLROnPlateau | None = None
    max_minutes: float = Field(default=60.0, gt=0, le=limits.MINUTES)

    @model_validator(mode="before")
    @classmethod
    def _read_restore_best_weights(cls, document: Any) -> Any:
        stopping = document.get("early_stopping") if isinstance(document, Mapping) else None
        if not isinstance(stopping, Mapping) or not isinstance(restored := stopping.get("restore_best_weights"), bool):
            return document
        keep: Keep = "best" if restored else "last"
        given = document.get("keep", keep)
        if given != keep and given in ("best", "last"):
            raise FieldError(
                ("early_stopping", "restore_best_weights"),
                f"`restore_best_weights` {format_value(restored)} means `keep: {keep}`, but `keep` is {given}; set "
                f"`keep` to {keep}, or `restore_best_weights` to null",
            )
        return {**document, "keep": given, "early_stopping": {**stopping, "restore_best_weights": None}}

    @model_validator(mode="after")
    def _check_devices(self) -> Self:
        if self.devices > 1 and self.precision == "mixed_float16":
            raise FieldError(
                ("precision",),
                "`precision` mixed_float16 trains on one device, because its loss scale is that of one; use "
                "mixed_bfloat16 or float32, or set `devices` to 1",
            )
        if "batch_size" in self.model_fields_set and self.batch_size < self.devices:
            raise FieldError(
                ("batch_size",),
                f"`batch_size` {self.batch_size} leaves some of {self.devices} devices without a sample; set it to "
                f"{self.devices} or more",
            )
        return self

    @model_validator(mode="after")
    def _check_plateau(self) -> Self:
        if self.reduce_lr_on_plateau is not None and not isinstance(self.optimizer.learning_rate, int | float):
            raise FieldError(
                ("reduce_lr_on_plateau",),
                f"cannot be combined with the schedule {self.optimizer.learning_rate.type}, which sets the learning "
                "rate of every step; give a number as `learning_rate`, or set `reduce_lr_on_plateau` to null",
            )
        return self

    def complete_for(self, samples: int) -> Self:
        """Return the options with a `batch_size` that was left out set for a training split of `samples`. Raises
        FieldError if one that was given is larger than the split, or the other one smaller than `devices`."""
        default = default_batch_size(samples)
        if "batch_size" not in self.model_fields_set:
            if default < self.devices:
                larger = "" if samples < self.devices else f", or `batch_size` to {self.devices} or more"
                raise FieldError(
                    ("devices",),
                    f"`devices` {self.devices} exceeds `batch_size`, by default {default} for a training split of "
                    f"{quantity(samples, 'sample')}; set it to {default} or less{larger}",
                )
            return self.model_copy(update={"batch_size": default})
        if self.batch_size > samples:
            raise FieldError(
                ("batch_size",),
                f"`batch_size` {self.batch_size:,} exceeds the training split of {quantity(samples, 'sample')}; set "
                f"it to {min(samples, max(default, self.devices))}",
            )
        return self

    @property
    def deciding_metric(self) -> Monitor:
        """The metric by which an epoch is the best."""
        return self.early_stopping.monitor if self.early_stopping else "val_accuracy"

    def learning_rate_schedule(self, steps_per_epoch: int) -> LearningRateSchedule:
        """The schedule as planned; `reduce_lr_on_plateau` may lower it during training."""
        return LearningRateSchedule(self.optimizer.learning_rate, TrainingLength(steps_per_epoch, self.epochs))
