"""Which classes and assignments a key may see, and which it may change: a class has a teacher and students."""

from typing import Annotated

from fastapi import Depends

from api.access import KeyDep
from api.dependencies import ExperimentsDep, StoreDep
from api.ownership import OwnKey
from models_store.access.key import Key
from models_store.assignments.budgets import reject_budgeted
from models_store.assignments.record import AssignmentRecord
from models_store.classes.record import ClassRecord
from models_store.errors import NotFound, NotOwner
from models_store.experiments.record import Record
from models_store.store import Store


def sees(key: Key, classroom: ClassRecord) -> bool:
    """Classes of others are unknown to a key."""
    return teaches(key, classroom) or classroom.student_of(key.owner) is not None


def teaches(key: Key, classroom: ClassRecord) -> bool:
    return key.is_admin or key.owner == classroom.teacher


def get_class(class_name: str, store: StoreDep, key: OwnKey) -> ClassRecord:
    """Raises NotFound."""
    found = store.classes.get(class_name)
    if not sees(key, found):
        raise NotFound(f"class {class_name[:50]!r} not found; GET /classes lists yours")
    return found


ClassDep = Annotated[ClassRecord, Depends(get_class)]


def get_taught_class(found: ClassDep, key: OwnKey) -> ClassRecord:
    """Raises NotFound, NotOwner for a student."""
    if not teaches(key, found):
        raise NotOwner(f"class {found.name} belongs to {found.teacher}; only its teacher and admins do this")
    return found


TaughtClassDep = Annotated[ClassRecord, Depends(get_taught_class)]


def get_assignment(assignment_id: str, store: StoreDep, key: OwnKey) -> AssignmentRecord:
    """Raises NotFound."""
    found = store.assignments.get(assignment_id)
    try:
        get_class(found.class_name, store, key)
    except NotFound:
        raise NotFound(f"assignment {assignment_id} not found; GET /assignments lists yours") from None
    return found


AssignmentDep = Annotated[AssignmentRecord, Depends(get_assignment)]


def get_own_assignment(found: AssignmentDep, store: StoreDep, key: OwnKey) -> AssignmentRecord:
    """Raises NotFound, NotOwner for a student."""
    get_taught_class(store.classes.get(found.class_name), key)
    return found


OwnAssignmentDep = Annotated[AssignmentRecord, Depends(get_own_assignment)]


def check_budgeted(experiment_id: str, experiments: ExperimentsDep, store: StoreDep, key: KeyDep) -> None:
    """So that no student gets a budget back by deleting what has used it."""
    _reject_budgeted(experiments.get(experiment_id), store, key)


def check_budgeted_trials(sweep_id: str, store: StoreDep, key: KeyDep, trials: bool = False) -> None:
    """With `trials`, deleting a sweep deletes their experiments."""
    for trial in store.sweeps.get(sweep_id).trials if trials else ():
        if (record := store.sweep_jobs.experiment(trial)) is not None:
            _reject_budgeted(record, store, key)


NOT_BUDGETED, NO_TRIAL_BUDGETED = Depends(check_budgeted), Depends(check_budgeted_trials)


def _reject_budgeted(record: Record, store: Store, key: Key | None) -> None:
    """Admins may delete it. Raises InvalidState."""
    if key is None or not key.is_admin:
        reject_budgeted(store, record)
