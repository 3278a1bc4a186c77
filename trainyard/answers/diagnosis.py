"""Findings about a finished or running experiment."""

from trainyard.answers.base import Answer, JsonObject


class Suggestion(Answer):
    """A change that is likely to help: `patch` is for `submit_change`."""

    sentence: str
    patch: JsonObject


class Finding(Answer):
    """What one rule sees in history and evaluation; epochs in `evidence` count from 0, in `sentence` from 1."""

    rule: str
    severity: str
    sentence: str
    evidence: JsonObject
    suggestion: Suggestion | None = None
