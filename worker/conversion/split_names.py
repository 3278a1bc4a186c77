"""Names of folders, files and values that people give to splits."""

import re
from typing import Literal

from specs.splits import SourceSplit

# `unlabeled`: what a competition wants to have predicted.
Kind = SourceSplit | Literal["unlabeled"]
_WORDS: dict[str, Kind] = {
    **dict.fromkeys(("train", "training", "trainset", "traindata", "trainingset"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "valset", "validset", "devset"), "validation"),
    **dict.fromkeys(("test", "testing", "testset", "testdata", "eval", "evaluation"), "test"),
    **dict.fromkeys(("pred", "predict", "prediction", "predictions", "unlabeled", "unlabelled"), "unlabeled"),
}


def split_of(name: str) -> Kind | None:
    """The split that `name` says, as in `train`, `seg_train`, `Training set` or `test1`; None if it says none, or
    several."""
    words = re.split(r"[^a-z]+", name.casefold())
    kinds = {_WORDS[word] for word in words if word in _WORDS}
    return kinds.pop() if len(kinds) == 1 else None
