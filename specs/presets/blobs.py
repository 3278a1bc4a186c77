"""The smallest network of all, on four heaps of points."""

from specs.layers import Dense
from specs.presets.preset import Preset, spec_of

# 1,000 points, 800 of them to learn from. The source watches the other 200 during training; here they stay unseen,
# and a tenth of the 800 is watched in their place. 32 is the batch of Keras's `fit` where none is given.
BLOBS_MLP = Preset(
    name="blobs-mlp",
    title="One hidden layer on four overlapping heaps of points: 179 parameters",
    source="003",
    layers=(Dense(units=25, activation="relu"), Dense()),
    spec=spec_of("blobs-mlp", {"name": "blobs", "split": {"test": 0.2}}, "none", {"batch_size": 32, "epochs": 1_000}),
)
