"""Everything is used at once while everything is killed: what was accepted must still come to one right end.

`make chaos MINUTES=60 SEED=1`, or as a short round `tests/faults/test_chaos.py`.
"""
