"""Predictions as lines of text."""

from collections.abc import Iterator

from trainyard.answers.predictions import Predictions


def prediction_lines(answer: Predictions) -> Iterator[str]:
    """One line per image, with the verdict and the id for `trainyard label`, then the model."""
    for prediction in answer.predictions:
        guesses = ", ".join(f"{guess.label} {guess.probability:.1%}" for guess in prediction.top)
        yield f"{prediction.filename}: {guesses}  {prediction.verdict.replace('_', ' ')}  {prediction.id}"
    yield f"(model: {answer.model.name}, {answer.model.experiment_id})"
