"""Explanations of predictions, and what they count for."""

from collections.abc import Sequence

from starlette.types import Scope

from api.access import Access, owner_of
from api.wire.body import BadRequestBody
from models_store.owners.quotas import Quotas
from serving.admission import Admission
from serving.explanations.explainer import Explainer, check_explainable
from serving.explanations.explanation import Occlusion
from serving.explanations.occlusion import MAX_PLACES, Pixels
from serving.predictor import Prediction
from serving.served_model import ServedModel
from serving.session import Samples

MAX_EXPLAINED = 10
# What an explanation takes of the processor, in predictions: most hidden copies of a digit are the digit itself.
PREDICTIONS_EACH = 20


class Explaining:
    """One for each application."""

    def __init__(self, explainer: Explainer, access: Access, quotas: Quotas) -> None:
        self._explainer = explainer
        self._access = access
        self._quotas = quotas

    async def admit(self, scope: Scope, admission: Admission, model: ServedModel, images: int) -> None:
        """Before any is explained; each counts as one prediction already. Raises InvalidSample if the model takes no
        images, BadRequestBody for too many, RateLimited, QuotaReached, Overloaded."""
        check_explainable(model.info)
        if images > MAX_EXPLAINED:
            raise BadRequestBody(
                f"received {images} images to explain, more than the limit of {MAX_EXPLAINED} for one request; send "
                "several requests, or leave out `explain=occlusion`"
            )
        further = (PREDICTIONS_EACH - 1) * images
        await self._access.count_predictions(scope, further)
        self._quotas.count_predictions(owner_of(scope), further)
        admission.add_request(MAX_PLACES * images)

    async def occlude(self, model: ServedModel, samples: Samples, predictions: Sequence[Prediction]) -> list[Occlusion]:
        """An explanation of each prediction, for samples as the network received them."""
        return [
            await self._explainer.occlude(model, pixels, prediction.top[0].index)
            for pixels, prediction in zip(samples, predictions, strict=True)
        ]

    async def occlude_class(self, model: ServedModel, pixels: Pixels, index: int | None) -> Occlusion:
        """Of class `index`, of the answered one if None."""
        return await self._explainer.occlude(model, pixels, index)
