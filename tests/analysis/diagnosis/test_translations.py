"""The page tells each finding in Korean."""

import re
from pathlib import Path

from analysis.diagnosis.diagnosis import RULES
from analysis.diagnosis.next_steps import NEXT_STEPS

TRANSLATED = Path(__file__).parents[3] / "web" / "src" / "text" / "ko" / "findings.ts"


def test_each_rule_is_translated() -> None:
    rules = {rule.__name__.replace("_", "-") for rule in (*RULES, *NEXT_STEPS)} | {
        "too-early",
        "too-few-samples",
        "healthy",
    }
    told = set(re.findall(r'^  "?([a-z-]+)"?: \(e\) =>', TRANSLATED.read_text(), re.MULTILINE))
    assert told == rules
