"""The spec of an experiment: dataset, preprocessing, augmentation, model and training."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from specs import limits
from specs.augmentation import AugmentationSpec
from specs.class_weights import check_class_weight
from specs.dataset import DATASETS, Dataset, DatasetSpec
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.keras_document import reject_misplaced
from specs.layers import Shape
from specs.losses import BinaryCrossentropy
from specs.model import ModelSpec, expand_preset
from specs.network import Network
from specs.preprocessing import PreprocessingSpec
from specs.presets import PRESETS
from specs.schema import ExperimentId, FieldError, Lax, Line, Schema
from specs.training import TrainingSpec


class ExperimentSpec(Schema):
    """An experiment with all defaults filled in.

    `name` defaults to what it changes in the experiment that it is made from (`specs.derived_name`), to the name of the
    preset, or else to "<dataset>-experiment". `based_on` is the id of the experiment that this one tries to improve.
    `continue_from` is the one whose training this one continues: see `specs.continuation`.
    """

    name: Annotated[Line, Field(max_length=limits.NAME_CHARACTERS)]
    notes: str = Field(default="", max_length=limits.NOTES_CHARACTERS)
    tags: Annotated[
        tuple[Annotated[Line, Field(max_length=limits.TAG_CHARACTERS)], ...],
        Lax,
        Field(max_length=limits.TAGS, description="short lines of printable text"),
    ] = ()
    based_on: ExperimentId | None = Field(
        default=None, description="the id of an experiment, 26 digits and capital letters"
    )
    continue_from: ExperimentId | None = Field(
        default=None, description="the id of an experiment that has ended, 26 digits and capital letters"
    )
    dataset: DatasetSpec = Field(default_factory=DatasetSpec)
    preprocessing: PreprocessingSpec = Field(default_factory=PreprocessingSpec)
    augmentation: AugmentationSpec | None = None
    model: ModelSpec = Field(description="{preset: <name>}, {layers: [...]}, {keras: {...}} or {application: <name>}")
    training: TrainingSpec = Field(default_factory=TrainingSpec)

    @model_validator(mode="before")
    @classmethod
    def _set_name(cls, document: Any) -> Any:
        reject_misplaced(document, "model.keras")
        if not isinstance(document, Mapping):
            return document
        document = _with_raw_pixels(document)
        return document if "name" in document else {**document, "name": _default_name(document)}

    @field_validator("preprocessing")
    @classmethod
    def _fit_preprocessing(cls, preprocessing: PreprocessingSpec, info: ValidationInfo) -> PreprocessingSpec:
        dataset = info.data.get("dataset")
        return preprocessing if dataset is None else preprocessing.fit_to(dataset.facts)

    @field_validator("augmentation")
    @classmethod
    def _check_augmentation(
        cls, augmentation: AugmentationSpec | None, info: ValidationInfo
    ) -> AugmentationSpec | None:
        dataset, preprocessing = info.data.get("dataset"), info.data.get("preprocessing")
        if augmentation is not None and dataset is not None and preprocessing is not None:
            augmentation.check(preprocessing.input_shape(dataset.facts), dataset.facts.classes)
        return augmentation

    @field_validator("model")
    @classmethod
    def _fit_model(cls, model: ModelSpec, info: ValidationInfo) -> ModelSpec:
        dataset, preprocessing = info.data.get("dataset"), info.data.get("preprocessing")
        if dataset is None or preprocessing is None:
            return model
        if model.application is not None and preprocessing.scale != "none" and dataset.facts.has_images:
            raise FieldError(
                ("application",),
                f"{model.application} expects pixels 0-255 and scales them itself, but preprocessing.scale is "
                f"{preprocessing.scale}; set it to none, or leave it out",
            )
        return model.fit_to(preprocessing.input_shape(dataset.facts), len(dataset.facts.classes))

    @field_validator("training")
    @classmethod
    def _check_training(cls, training: TrainingSpec, info: ValidationInfo) -> TrainingSpec:
        dataset = info.data.get("dataset")
        if dataset is None:
            return training
        check_class_weight(training.class_weight, dataset.facts.classes)
        return training.complete_for(dataset.split_sizes().training)

    @model_validator(mode="after")
    def _check_augmentation_inside(self) -> Self:
        augmentation = self.training_augmentation
        if self.network.augmentation and augmentation is not None:
            try:
                augmentation.check(self.input_shape, self.dataset.facts.classes)
            except FieldError as error:
                raise FieldError(("model", "keras"), f"augmentation layers of the network: {error.detail}") from None
        return self

    @model_validator(mode="after")
    def _check_start(self) -> Self:
        if self.continue_from is not None and self.model.weights_from is not None:
            raise FieldError(
                ("model", "weights_from"),
                "cannot be combined with `continue_from`, which continues with all weights; leave one of them out",
            )
        return self

    @model_validator(mode="after")
    def _check_loss(self) -> Self:
        if isinstance(self.training.loss, BinaryCrossentropy) and not self.network.is_binary:
            raise FieldError(
                ("training", "loss"),
                f"BinaryCrossentropy is for a network that ends in 1 unit, not in {self.network.shapes[-1][0]}; use "
                "auto or CategoricalCrossentropy",
            )
        return self

    @model_validator(mode="after")
    def _check_memory(self) -> Self:
        _check_memory(self.network, self.training.batch_size, self.dataset.split_sizes().total)
        return self

    @property
    def network(self) -> Network:
        """The network of the model on the samples of the dataset, built once during validation."""
        return self.model.network

    @property
    def training_augmentation(self) -> AugmentationSpec | None:
        """What the input pipeline does to training images: `augmentation`, then the layers inside the network."""
        inside = self.network.augmentation
        if self.augmentation is None:
            return AugmentationSpec(layers=inside) if inside else None
        return self.augmentation.model_copy(update={"layers": (*self.augmentation.layers, *inside)})

    @property
    def input_shape(self) -> Shape:
        """The shape of a preprocessed sample, without the batch; the network may receive it in another arrangement."""
        return self.preprocessing.input_shape(self.dataset.facts)

    def steps_per_epoch(self) -> int:
        """Batches per epoch, copies of augmented images included; the last batch may be smaller."""
        augmentation = self.training_augmentation
        copies = augmentation.copies if augmentation else 1
        return math.ceil(copies * self.dataset.split_sizes().training / self.training.batch_size)

    def memory_mb(self) -> int:
        """Estimate the memory of the training, in MB: see `Network.training_bytes`."""
        return self.network.training_mb(self.training.batch_size, self.dataset.split_sizes().total)

    def document(self) -> dict[str, Any]:
        """The spec as JSON values; `parse_spec` of them returns an equal spec."""
        return self.model_dump(mode="json")


def parse_spec(document: Any, datasets: Mapping[str, Dataset] = DATASETS) -> ExperimentSpec:
    """Validate `document`. `datasets` are the existing ones, by name.

    Raises SpecError with all problems found, at most `limits.PROBLEMS`.
    """
    try:
        return ExperimentSpec.model_validate(document, context={"datasets": datasets})
    except ValidationError as error:
        raise SpecError(problems_of(error, document, ExperimentSpec)) from None


def _default_name(document: Mapping[str, Any]) -> str:
    model, dataset = document.get("model"), document.get("dataset")
    preset = _member(model, "preset", None)
    if isinstance(preset, str) and preset in PRESETS:
        return preset
    name = _member(dataset, "name", "digits")
    return f"{name}-experiment" if isinstance(name, str) and len(name) < limits.TAG_CHARACTERS else "experiment"


def _with_raw_pixels(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """An application scales pixels itself: `preprocessing.scale` is none there unless it is given."""
    preprocessing = document.get("preprocessing", {})
    if _member(expand_preset(document.get("model")), "application", None) is None or not isinstance(
        preprocessing, Mapping
    ):
        return document
    return {**document, "preprocessing": {"scale": "none", **preprocessing}}


def _member(value: Any, name: str, default: Any) -> Any:
    return value.get(name, default) if isinstance(value, Mapping) else getattr(value, name, default)


def _check_memory(network: Network, batch_size: int, samples: int) -> None:
    needed = network.training_bytes(batch_size, samples)
    if needed > limits.MEMORY_BYTES:
        raise FieldError(
            ("training", "batch_size"),
            f"training with `batch_size` {batch_size:,} needs about {needed // 10**6:,} MB, which exceeds the limit of "
            f"{limits.MEMORY_BYTES // 10**6:,} MB; use a smaller batch, fewer filters or more pooling",
        )
