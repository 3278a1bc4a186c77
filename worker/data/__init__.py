"""The data sets as arrays, in three parts."""

from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices, Labels, Part, Parts
from worker.data.splits import load_parts
from worker.data.whole import whole

__all__ = ["DatasetUnavailable", "Images", "Indices", "Labels", "Part", "Parts", "Source", "load_parts", "whole"]
