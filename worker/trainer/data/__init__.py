"""The data sets as arrays, in three parts."""

from worker.trainer.data.part import Images, Indices, Labels, Part, Parts
from worker.trainer.data.parts import load_parts
from worker.trainer.data.source import DatasetUnavailable, Source
from worker.trainer.data.whole import whole

__all__ = ["DatasetUnavailable", "Images", "Indices", "Labels", "Part", "Parts", "Source", "load_parts", "whole"]
