"""From samples to predictions: choose a model, prepare, batch, compute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, NotRequired, TypeVar

from anyio import CapacityLimiter, to_thread
from typing_extensions import TypedDict

from imaging.png import png_data_url, to_image
from models_store.models.traffic import Traffic
from models_store.predictions.class_probability import ClassProbability
from models_store.predictions.recent import RecentPredictions
from serving.batching import Batcher
from serving.preparation import (
    Digits,
    ImageSample,
    Prep,
    PreparedSamples,
    Sample,
    is_light,
    prepare_all,
    prepare_sample,
    prepare_sample_row,
    stack_prepared,
    stack_rows,
)
from serving.registry import Registry
from serving.served_model import ServedModel
from serving.session import Probabilities, Samples
from serving.slices import map_in_slices
from serving.verdict import CLASSIFIED, Verdict, verdict

# The predictions for so many samples are built within a millisecond.
_MAX_IN_LOOP = 32
_T = TypeVar("_T")


Explain = bool | Literal["occlusion"]


class PredictionOptions(NamedTuple):
    """The model to ask: that of `experiment`, or the one that serves `dataset`, or the best of all. `top`: the number
    of classes in a prediction. `explain`: show what the network saw, and with "occlusion" also why it answered that.
    `digits`: an image shows one digit, or a row of them, each of which is predicted."""

    dataset: str | None = None
    experiment: str | None = None
    top: int = 3
    prep: Prep = "auto"
    explain: Explain = False
    digits: Digits = "one"


class Preprocessing(TypedDict):
    """`steps` were applied to the image, in order. `ignored_marks`, if there are any, counts what was left out although
    it may be a sign or a digit. With `explain`, `image` is what the network saw, as a data URL."""

    steps: tuple[str, ...]
    ignored_marks: NotRequired[int]
    image: NotRequired[str]


@dataclass
class Prediction:
    """`id` is what `POST /predictions/{id}/label` takes, as long as the prediction is kept. `margin` is the difference
    between the probabilities of the first two classes.

    `confident`: on the validation split at most one of 200 such answers was wrong, and no mark was ignored.
    `several_digits`, `not_a_digit`: what an image that was sent to a network of digits shows instead of one; `top` is
    what it would be if it were one.
    """

    id: str
    filename: str
    top: list[ClassProbability]
    margin: float
    verdict: Verdict
    preprocessing: Preprocessing


@dataclass
class Reading:
    """The digits of an image as a `text`, from left to right; empty if it shows none. It is as sure as the least sure
    of them."""

    filename: str
    text: str
    verdict: Verdict

    @classmethod
    def of(cls, digits: Sequence[Prediction]) -> "Reading":
        """At least one, all of one image."""
        verdicts = {digit.verdict for digit in digits}
        if "not_a_digit" in verdicts:
            return cls(digits[0].filename, "", "not_a_digit")
        text = "".join(digit.top[0].label for digit in digits)
        return cls(digits[0].filename, text, "confident" if verdicts == {"confident"} else "unsure")


class Predictor:
    """Small work is done in the event loop, because a thread costs more; long work in `threads`, which it shares with
    nothing else: neither decoding nor a store that waits for Redis delays other requests."""

    def __init__(
        self,
        registry: Registry,
        batcher: Batcher,
        recent: RecentPredictions,
        traffic: Traffic,
        max_pixels: int,
        threads: CapacityLimiter,
    ) -> None:
        self._registry = registry
        self._batcher = batcher
        self._recent = recent
        self._traffic = traffic
        self._max_pixels = max_pixels
        self._threads = threads

    async def run_in_thread(self, call: Callable[[], _T]) -> _T:
        return await to_thread.run_sync(call, limiter=self._threads)

    async def get_model(self, options: PredictionOptions) -> ServedModel:
        """The model for images. Raises the errors of `Registry.get`."""
        return await self.run_in_thread(partial(self._registry.get, options.dataset, options.experiment))

    async def prepare(
        self, samples: Sequence[Sample], options: PredictionOptions
    ) -> tuple[ServedModel, PreparedSamples]:
        """At least one sample, all of one kind and for one model, even if another is promoted meanwhile. Raises the
        errors of `Registry.get` and `prepare_sample`."""
        images = isinstance(samples[0], ImageSample)
        if options.experiment is None:
            model = self._registry.get_loaded(options.dataset, images)
            if model is not None and is_light(samples, model.info):
                return model, prepare_all(samples, model.info, self._max_pixels, options.prep)

        chosen = await self.run_in_thread(partial(self._registry.get, options.dataset, options.experiment, images))
        prepare = partial(prepare_sample, info=chosen.info, max_pixels=self._max_pixels, prep=options.prep)
        prepared = await map_in_slices(prepare, samples, self._threads)
        return chosen, stack_prepared([sample.filename for sample in samples], prepared)

    async def prepare_rows(
        self, samples: Sequence[Sample], options: PredictionOptions
    ) -> tuple[ServedModel, PreparedSamples, list[int]]:
        """All digits of all images, and how many each image has. Raises the errors of `Registry.get` and
        `prepare_sample_row`."""
        images = isinstance(samples[0], ImageSample)
        chosen = await self.run_in_thread(partial(self._registry.get, options.dataset, options.experiment, images))
        prepare = partial(prepare_sample_row, info=chosen.info, max_pixels=self._max_pixels, prep=options.prep)
        return chosen, *stack_rows(samples, await map_in_slices(prepare, samples, self._threads))

    async def predict(
        self, model: ServedModel, prepared: PreparedSamples, options: PredictionOptions
    ) -> list[Prediction]:
        """One prediction per sample, in order. Raises the errors of ONNX Runtime."""
        probabilities = await self._batcher.probabilities(model, prepared.samples)
        if len(prepared.filenames) <= _MAX_IN_LOOP and not options.explain:
            return self._build(model, prepared, options, probabilities)
        return await self.run_in_thread(partial(self._build, model, prepared, options, probabilities))

    def _build(
        self, model: ServedModel, prepared: PreparedSamples, options: PredictionOptions, probabilities: Probabilities
    ) -> list[Prediction]:
        top = model.top_classes(probabilities, max(options.top, 2))
        predictions = [
            Prediction(
                id=self._recent.keep(model.origin, sample, classes[0].label, classes[0].probability),
                filename=filename,
                top=classes[: options.top],
                margin=round(classes[0].probability - classes[1].probability, 6) if classes[1:] else 1.0,
                verdict=verdict(classes[0].probability, model.info.confident_from, finding, ignored_marks),
                preprocessing=_preprocessing(sample, steps, ignored_marks, bool(options.explain)),
            )
            for filename, sample, steps, finding, ignored_marks, classes in zip(*prepared, top, strict=True)
        ]
        verdicts = [each.verdict for each in predictions]
        classes = [each.top[0].index for each in predictions if each.verdict in CLASSIFIED]
        self._traffic.count_predictions(model.id, classes, verdicts)
        return predictions


def _preprocessing(sample: Samples, steps: tuple[str, ...], ignored_marks: int, explain: bool) -> Preprocessing:
    done: Preprocessing = {"steps": steps}
    if ignored_marks:
        done["ignored_marks"] = ignored_marks
    if explain and sample.ndim == 3:
        done["image"] = png_data_url(to_image(sample))
    return done
