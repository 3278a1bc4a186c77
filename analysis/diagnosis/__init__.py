"""What a history and an evaluation say about an experiment, and what to change in the next one.

Rules are pure: they see a `Run` and know neither store nor HTTP. `docs/experiments.md` tells them to their reader.
"""
