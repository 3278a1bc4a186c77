"""An experiment that is to replace the model that serves its dataset: how it compares with that, and what followed."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from models_store.frozen import utc_now
from models_store.versions import Nested
from specs.improvement import Promote
from specs.splits import SplitName

ImprovementState = Literal["pending", "waiting", "promoted", "rejected", "declined"]


class ImprovementCheck(Nested):
    """The comparison with the experiment `baseline`, which served, on the same `samples` of `split`: the accuracies,
    how many samples were `fixed` (misclassified by the baseline alone) and how many `regressed`; the `difference` of
    the accuracies with its bootstrap interval of 95 %; and `p`, McNemar's."""

    baseline: str
    split: SplitName
    samples: int
    accuracy_before: float
    accuracy: float
    fixed: int
    regressed: int
    difference: float
    difference_interval: tuple[float, float]
    p: float
    checked_at: datetime = Field(default_factory=utc_now)

    @property
    def is_worse(self) -> bool:
        """Beyond the interval."""
        return self.difference_interval[1] < 0


class Improvement(Nested):
    """`baseline` is the experiment whose model served when this was asked for, and whose weights it starts with.

    `pending`: it is trained, or about to be checked; `waiting`: somebody is to decide; `promoted`: it was pinned;
    `rejected`: it is worse than what served; `declined`: somebody decided against it. `promote` says whether it is
    pinned by itself if it is not worse; `by_token`, that it was asked for with a token of an identity provider, whose
    scopes are not known later. `reason` says in a sentence why it waits or was rejected. `decided_by` is whose key
    decided, null where it was decided by the check alone, or no keys are asked for. `check` is null before it was
    checked, where it could not be, and where it is of a test split that is hidden."""

    baseline: str
    promote: Promote
    by_token: bool = False
    state: ImprovementState = "pending"
    check: ImprovementCheck | None = None
    reason: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None

    @property
    def may_serve(self) -> bool:
        """Whether it may be chosen as the best model: until it is promoted, it serves nobody but those who ask for it
        by its id."""
        return self.state == "promoted"

    def wait(self, reason: str, check: ImprovementCheck | None = None) -> Self:
        """Until somebody decides."""
        return self.model_copy(update={"state": "waiting", "reason": reason, "check": check})

    def decide(
        self,
        state: Literal["promoted", "rejected", "declined"],
        reason: str = "",
        check: ImprovementCheck | None = None,
        by: str | None = None,
    ) -> Self:
        """`check` is that of now, None for the one that it has."""
        update: dict[str, object] = {
            "state": state,
            "reason": reason,
            "check": check or self.check,
            "decided_by": by,
            "decided_at": utc_now(),
        }
        return self.model_copy(update=update)

    def without_test(self) -> Self:
        """As it is shown while the results on the test split are hidden."""
        if self.check is None or self.check.split != "test":
            return self
        return self.model_copy(update={"check": None, "reason": ""})
