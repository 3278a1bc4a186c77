"""Names of folders, files and values that people give to splits."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, TypeVar

from specs.splits import SourceSplit

# `unlabeled`: what a competition wants to have predicted.
Kind = SourceSplit | Literal["unlabeled"]
Key = TypeVar("Key")
TRAINVAL = "trainval"  # of train/ and val/, if it is not beside these
_WORDS: dict[str, Kind] = {
    **dict.fromkeys(("train", "training", "trainset", "traindata", "trainingset", "trn", TRAINVAL), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "valset", "validset", "devset"), "validation"),
    **dict.fromkeys(("test", "testing", "testset", "testdata", "eval", "evaluation", "holdout", "tst"), "test"),
    **dict.fromkeys(("학습", "훈련", "학습데이터", "훈련데이터"), "train"),
    **dict.fromkeys(("검증", "검증데이터"), "validation"),
    **dict.fromkeys(("시험", "테스트", "평가", "시험데이터", "테스트데이터", "평가데이터"), "test"),
    **dict.fromkeys(("训练", "训练集", "訓練", "学習"), "train"),
    **dict.fromkeys(("验证", "验证集", "検証"), "validation"),
    **dict.fromkeys(("测试", "测试集", "テスト"), "test"),
    **dict.fromkeys(("pred", "predict", "prediction", "predictions", "unlabeled", "unlabelled"), "unlabeled"),
}
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"([\s._,;=#@+~()\[\]\0-]+)")


def words_of(name: str) -> list[str]:
    """Without case, as `seg` and `train` of `seg_train`, and `train` and `labels` of `trainLabels2`."""
    return list(filter(None, re.split(r"[\W\d_]+", _HUMP.sub(" ", name).casefold())))


def without_split(name: str) -> str:
    """What is left of `name` without words of splits and numbers, as `covid` of `covid_test`."""
    words = re.findall(r"[^\W\d_]+", _HUMP.sub(" ", name).casefold())
    return " ".join(word for word in words if word not in _WORDS)


def name_beside_split(name: str) -> str:
    """What is left of `name`, as it is written, without the parts that say a split: `Cat-2` of `train_Cat-2`, `cat` of
    `cat (test)`."""
    pieces = _BETWEEN.split(_HUMP.sub("\0", name))
    rest = ""
    for separator, part in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        is_kept = bool(part) and split_of(part) is None
        for each in separator if rest else "":
            opening = {")": "(", "]": "["}.get(each)
            # A bracket closes what is kept, and only that.
            if rest.count(opening) > rest.count(each) if opening else is_kept:
                rest += each
        rest += part if is_kept else ""
    return rest.replace("\0", "")


@lru_cache(10_000)
def split_of(name: str) -> Kind | None:
    """The split that `name` says, as in `train`, `seg_train`, `Training set`, `trainLabels` or `test1`; None if it says
    none, or several."""
    kinds = {_WORDS[word] for word in words_of(name) if word in _WORDS}
    return kinds.pop() if len(kinds) == 1 else None


def read_splits(names: Mapping[Key, str]) -> dict[Key, Kind]:
    """The split of each of `names`, if all say one, some that for training and some another; else none."""
    kinds = {key: kind for key, name in names.items() if (kind := split_of(name))}
    are_told = len(kinds) == len(names) and "train" in kinds.values() and len(set(kinds.values())) > 1
    return kinds if are_told else {}


def table_split(name: str, common: int = 0) -> tuple[Kind | None, str]:
    """The split that the table `name` says, as in `data/train-00000-of-00001.parquet`, or else the innermost of its
    folders which says one, without the `common` ones around all tables; and the file or folder that says it."""
    *folders, file = name.split("/")
    kind = split_of(file.rpartition(".")[0] or file)
    return (kind, file) if kind else innermost_split(folders[common:])


def innermost_split(folders: Sequence[str]) -> tuple[Kind | None, str]:
    """The split that the innermost of `folders` says which says one, and this folder; None if none does."""
    return next(((kind, folder) for folder in reversed(folders) if (kind := split_of(folder))), (None, ""))
