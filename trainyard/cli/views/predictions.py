"""Predictions as lines of text."""

from collections.abc import Iterator
from itertools import zip_longest

from trainyard.answers.predictions import Predictions
from trainyard.cli.views.explanations import occlusion_lines


def prediction_lines(answer: Predictions) -> Iterator[str]:
    """One line per prediction, with the verdict and the id for `trainyard label`, and its explanation if that was asked
    for; what each image reads if many digits were, then the model."""
    for prediction, explanation in zip_longest(answer.predictions, answer.explanations or ()):
        guesses = ", ".join(f"{guess.label} {guess.probability:.1%}" for guess in prediction.top)
        yield f"{prediction.filename}: {guesses}  {prediction.verdict.replace('_', ' ')}  {prediction.id}"
        if explanation is not None:
            yield from occlusion_lines(explanation)
    for reading in answer.readings or ():
        yield f"{reading.filename} reads {reading.text or 'nothing'}  {reading.verdict.replace('_', ' ')}"
    yield f"(model: {answer.model.name}, {answer.model.experiment_id})"
