"""The preset for blobs, the smallest network."""

from specs.layers import Dense
from specs.presets.preset import Measured, Preset, preset_spec

# 1,000 points, 800 of them for training. The source validates on the other 200; here they are the test split, and a
# tenth of the 800 is for validation. 32 is the default batch size of Keras's `fit`.
BLOBS_MLP = Preset(
    name="blobs-mlp",
    title="One hidden layer on four overlapping clusters of points: 179 parameters",
    source="003",
    measured=Measured(0.834, seeds=5, cpu_seconds=(18, 23)),
    layers=(Dense(units=25, activation="relu"), Dense()),
    spec=preset_spec(
        "blobs-mlp",
        {"name": "blobs", "split": {"test": 0.2}},
        "none",
        {"batch_size": 32, "epochs": 1_000, "keep": "last"},
    ),
)
