"""Explanations of predictions, and what they count for."""

from collections.abc import Awaitable, Callable

from starlette.types import Scope

from api.access import Access, owner_of
from api.wire.body import BadRequestBody
from models_store.owners.quotas import Quotas
from serving.admission import Admission
from serving.explanations.explainer import Explainer, check_explainable
from serving.explanations.explanation import Occlusion
from serving.explanations.occlusion import Pixels
from serving.explanations.turns import Turns
from serving.predictor import Prediction
from serving.served_model import ServedModel
from serving.session import Samples

MAX_EXPLAINED = 10
# What an explanation takes of the processor, in predictions: most hidden copies of a digit are the digit itself.
PREDICTIONS_EACH = 20


class Explaining:
    """One for each application. What waits for its turn, or finds no room, has not been counted."""

    def __init__(self, explainer: Explainer, access: Access, quotas: Quotas, turns: Turns) -> None:
        self._explainer = explainer
        self._access = access
        self._quotas = quotas
        self._turns = turns

    def check_count(self, images: int) -> None:
        """Raises BadRequestBody for too many in one request."""
        if images > MAX_EXPLAINED:
            raise BadRequestBody(
                f"received {images} images to explain, more than the limit of {MAX_EXPLAINED} for one request; send "
                "several requests, or leave out `explain=occlusion`"
            )

    async def occlude(
        self,
        scope: Scope,
        admission: Admission,
        model: ServedModel,
        samples: Samples,
        predict: Callable[[], Awaitable[list[Prediction]]],
    ) -> tuple[list[Prediction], list[Occlusion]]:
        """The predictions for samples as the network receives them, which `predict` asks for, with an explanation of
        each. Raises InvalidSample if the model takes no images, the errors of `check_count` and `predict`, Overloaded,
        RateLimited, QuotaReached."""
        check_explainable(model.info)
        self.check_count(len(samples))
        admission.add_explained(len(samples))
        owner = owner_of(scope)
        async with self._turns.take(owner):
            await self._count(scope, len(samples))
            predictions = await predict()
            explanations = [await self._explainer.occlude(model, samples[0], predictions[0].top[0].index)]
        for pixels, prediction in zip(samples[1:], predictions[1:], strict=True):
            async with self._turns.take(owner, has_begun=True):
                explanations.append(await self._explainer.occlude(model, pixels, prediction.top[0].index))
        return predictions, explanations

    async def occlude_class(
        self, scope: Scope, admission: Admission, model: ServedModel, pixels: Pixels, index: int | None
    ) -> Occlusion:
        """Of class `index`, of the answered one if None. Raises the same but BadRequestBody."""
        check_explainable(model.info)
        admission.add_explained(1)
        async with self._turns.take(owner_of(scope)):
            await self._count(scope, 1)
            return await self._explainer.occlude(model, pixels, index)

    async def _count(self, scope: Scope, images: int) -> None:
        """Beside the request itself, which the rate limit has counted. Raises RateLimited, QuotaReached."""
        await self._access.count_predictions(scope, (PREDICTIONS_EACH - 1) * images)
        self._quotas.count_predictions(owner_of(scope), PREDICTIONS_EACH * images)
