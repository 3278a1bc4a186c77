import pytest

from analysis.comparison.results import distinct_names
from models_store.experiments.record import Record
from models_store.experiments.stored_spec import StoredSpec
from models_store.frozen import utc_now

FIRST, SECOND, THIRD = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "01K6W3E8Z4T5V6X7Y8Z9A0D1C2", "01K6W3E8Z4T5V6X7Y8Z9A0B1C3"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b", "c"], ["a", "b", "c"]),
        (["a", "b", "a"], ["a (B1C2)", "b", "a (B1C3)"]),
        (["a", "a", "b"], ["a (B1C2)", "a (D1C2)", "b"]),
        (["a", "a", "a (B1C2)"], ["a (0B1C2)", "a (0D1C2)", "a (B1C2)"]),
    ],
)
def test_shared_names_get_the_end_of_their_ids(names: list[str], expected: list[str]) -> None:
    records = [
        Record(id=experiment_id, name=name, dataset="digits", spec=StoredSpec({}), created_at=utc_now())
        for experiment_id, name in zip((FIRST, SECOND, THIRD), names, strict=True)
    ]
    assert distinct_names(records) == expected
