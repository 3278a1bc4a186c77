"""The data sets as arrays, in three parts."""

from worker.trainer.data.part import Images, Labels, Part, Parts
from worker.trainer.data.parts import load_parts
from worker.trainer.data.source import DatasetUnavailable

__all__ = ["DatasetUnavailable", "Images", "Labels", "Part", "Parts", "load_parts"]
