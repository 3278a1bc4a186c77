"""Fills the store of a service that asks for keys with a class: its students, assignments and submissions."""

from datetime import timedelta

from models_store.assignments.record import AssignmentRecord, StoredBudget
from models_store.classes.store import STUDENT_SCOPES
from models_store.experiments.comments import Comment, add_comment
from models_store.frozen import utc_now
from models_store.store import Store
from specs.access import KeyScope, KeySpec
from specs.classroom import parse_class
from specs.experiment import parse_spec
from tests.page.private_things import add_dataset, add_sweep
from tests.page.shots.documents import KOREAN, KOREAN_NOTES, LONG, UNBREAKABLE
from tests.page.shots.uploads import TWO, shape_archive
from tests.support.classroom import BASE, trained

_NAMES = (
    "Ann Müller",
    "김하늘",
    "Cem Özgür-Wolfeschlegelsteinhausenbergerdorff",
    "박서준",
    *(f"Student {number}" for number in range(5, 29)),
    "Dora",
    "Émile",
)
_SUBMITTED = (0.7, 0.9, 0.3, 0.85, 0.86, 0.5, 0.2, 0.99)


def fill_school(store: Store) -> dict[str, str]:
    """The keys of a teacher and of the student Ann, her runs, what is private of it, and the assignment, by the names
    that screenshots use."""
    tina, teacher = store.keys.create(KeySpec(scopes=(*STUDENT_SCOPES, KeyScope.TEACH)), "tina")
    made, keys = store.classes.create(parse_class({"name": "biology-7b", "students": list(_NAMES)}), tina)
    store.classes.create(parse_class({"name": "a", "students": ["Bob"]}), tina)
    assignment = _assign(store, "Fewer errors")
    nobody = _assign(store, KOREAN)
    for student, accuracy in zip(made.students, _SUBMITTED, strict=False):
        run = trained(store, student.owner, accuracy, name=f"run of {student.handle}")
        store.assignments.submit(assignment.id, student.owner, run, lambda: None)
    ann = made.students[0].owner
    submitted = store.assignments.submissions(assignment.id)[0].experiment_id
    add_comment(
        store.experiments.folder(submitted), Comment(author="tina", text="What does the gap say?\n" + KOREAN_NOTES)
    )
    private = trained(store, ann, 0.9, name=KOREAN, seed=1).id
    store.experiments.edit(private, {"private": True})
    sweep, trial = add_sweep(store, ann, UNBREAKABLE)
    add_dataset(store, ann, "my-butterflies", shape_archive(TWO, (96, 64), 12, 6))
    # The key of a student cannot upload.
    _, uploads = store.keys.create(KeySpec(scopes=(*STUDENT_SCOPES, KeyScope.DATA)), ann)
    _, admin = store.keys.create(KeySpec(scopes=(KeyScope.ADMIN,), name="of the machine room"), "admin")
    return {
        "admin": admin,
        "owner": uploads,
        "private": private,
        "private sweep": sweep,
        "private trial": trial,
        "teacher": teacher,
        "student": keys[0][2],
        "assignment": assignment.id,
        "nobody": nobody.id,
        "submitted": submitted,
        "finished": trained(store, ann, 0.95, name=LONG).id,
    }


def _assign(store: Store, title: str) -> AssignmentRecord:
    base = parse_spec(BASE)
    return store.assignments.create(
        AssignmentRecord(
            class_name="biology-7b",
            title=title,
            task=f"Improve the base by changing the network.\n\n{KOREAN_NOTES}",
            dataset=base.dataset.name,
            base=base.document(),
            may_change=("/model", "/training"),
            budget=StoredBudget(runs=20, minutes=60, parameters=500_000),
            deadline=utc_now() + timedelta(days=7),
            metric="accuracy",
        )
    )
