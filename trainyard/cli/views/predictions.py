"""Predictions as lines of text."""

from collections.abc import Iterator

from trainyard.answers.predictions import Predictions


def prediction_lines(answer: Predictions) -> Iterator[str]:
    """One line per prediction, with the verdict and the id for `trainyard label`, what each image reads if many digits
    were asked for, then the model."""
    for prediction in answer.predictions:
        guesses = ", ".join(f"{guess.label} {guess.probability:.1%}" for guess in prediction.top)
        yield f"{prediction.filename}: {guesses}  {prediction.verdict.replace('_', ' ')}  {prediction.id}"
    for reading in answer.readings or ():
        yield f"{reading.filename} reads {reading.text or 'nothing'}  {reading.verdict.replace('_', ' ')}"
    yield f"(model: {answer.model.name}, {answer.model.experiment_id})"
