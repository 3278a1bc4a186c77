"""How far to trust a prediction. Every bundle ships this file."""

from typing import Literal

from imaging.digits.localization import Finding

Verdict = Literal["confident", "unsure", "several_digits", "not_a_digit"]
# Of images that show a sample of a class.
CLASSIFIED = ("confident", "unsure")


def verdict(probability: float, confident_from: float, finding: Finding = "digit", ignored_marks: int = 0) -> Verdict:
    """On a prediction whose most probable class has `probability`, of an image with this `finding`. With ignored marks,
    which may be signs or other digits, no prediction is confident."""
    if finding in ("several_digits", "not_a_digit"):
        return finding
    is_confident = probability >= confident_from and finding == "digit" and not ignored_marks
    return "confident" if is_confident else "unsure"
