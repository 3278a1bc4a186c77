"""From the answers to hidden copies to an occlusion map."""

import numpy as np
from numpy.typing import NDArray

from imaging.heat_map import draw_heat_map
from imaging.png import png_data_url
from serving.explanations.explanation import HiddenPlace, Occlusion
from serving.explanations.occlusion import HidableImage
from serving.explanations.regions import region_of
from serving.served_model import ServedModel
from serving.session import Probabilities

# Beyond these, differences of log-odds are those of rounding.
_MIN_PROBABILITY = 1e-6
_DIGITS = 6


def build_map(model: ServedModel, image: HidableImage, index: int, answers: Probabilities) -> Occlusion:
    """Of class `index`. `answers`: (1 + places, classes), for the image and then for its hidden copies."""
    probability, grid = float(answers[0, index]), image.grid
    left = np.full((grid.rows, grid.columns), probability)
    for place, answer in zip(image.places, answers[1:, index].tolist(), strict=True):
        left[place] = answer
    return Occlusion(
        method="occlusion",
        label=model.info.labels[index],
        index=index,
        probability=round(probability, _DIGITS),
        patch=grid.patch,
        stride=grid.stride,
        background=image.background.tolist(),
        drops=(probability - left).round(_DIGITS).tolist(),
        most_important=_most_important(model, image, index, answers),
        image=png_data_url(draw_heat_map(image.pixels, _strengths(probability, left), grid.stride)),
    )


def _most_important(model: ServedModel, image: HidableImage, index: int, answers: Probabilities) -> HiddenPlace | None:
    least = int(answers[:, index].argmin())
    if least == 0:
        return None
    place = image.places[least - 1]
    [[answer]] = model.top_classes(answers[least : least + 1], 1)
    probability = round(float(answers[least, index]), _DIGITS)
    return HiddenPlace(*place, region_of(image, place), probability, answer)


def _strengths(probability: float, left: NDArray[np.float64]) -> NDArray[np.float64]:
    """From -1 to 1, by differences of log-odds: what falls from 0.9999 to 0.99 has lost more than the difference
    shows."""
    drops = _log_odds(np.array(probability)) - _log_odds(left)
    largest = float(np.abs(drops).max())
    return drops / largest if largest >= _MIN_PROBABILITY else np.zeros_like(drops)


def _log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = probabilities.clip(_MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    return np.asarray(np.log(inside / (1 - inside)))
