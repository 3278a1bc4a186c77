"""Jobs whose worker has died."""

from typing import Any

from models_store.jobs.claim import Claim
from models_store.jobs.jobs import R
from models_store.store import Store
from tests.support.waiting import eventually


def abandon(store: Store, claim: Claim[Any, R]) -> R:
    """Expire the lease and sweep until the reconciler has taken the job back; return its record."""
    jobs = claim._jobs
    name = jobs.name(claim.record)

    def recovered() -> bool:
        # More than once: the first sweep, and a server that has just started, grant one more term.
        jobs.leases.release(claim.record.id, claim.token)
        assert store.reconciler.sweep()
        return not jobs.read(name).is_running

    eventually(recovered)
    record: R = jobs.read(name)
    return record
