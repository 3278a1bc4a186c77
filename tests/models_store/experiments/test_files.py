import hashlib
from collections.abc import Callable

from models_store.artifacts import MANIFEST_FILE
from models_store.experiments.files import stored_files
from models_store.experiments.log import LOG_FILE, append_line
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.support.published import publish

Spec = Callable[..., ExperimentSpec]


def test_queued_experiment_has_its_record_alone(store: Store, tiny_spec: Spec) -> None:
    folder = store.experiments.folder(store.experiments.create(tiny_spec()).id)
    [record] = stored_files(folder)
    assert (record.name, record.bytes, record.sha256) == ("experiment.json", record.path.stat().st_size, None)


def test_published_files_have_their_sums(store: Store, tiny_spec: Spec) -> None:
    folder = store.experiments.folder(publish(store, tiny_spec()).id)
    append_line(folder, "a line")
    found = {each.name: each for each in stored_files(folder)}
    assert {"experiment.json", "history.jsonl", LOG_FILE, MANIFEST_FILE, "model.keras", "model.onnx"} <= found.keys()
    for each in found.values():
        data = each.path.read_bytes()
        assert len(data) == each.bytes
        assert each.sha256 in (None, hashlib.sha256(data).hexdigest())
    assert [each.name for each in found.values() if each.sha256 is None] == [
        "experiment.json",
        "history.jsonl",
        LOG_FILE,
        MANIFEST_FILE,
    ]


def test_damaged_result_leaves_the_other_files(store: Store, tiny_spec: Spec) -> None:
    folder = store.experiments.folder(publish(store, tiny_spec()).id)
    (folder / "artifacts" / "model.onnx").unlink()
    assert "model.onnx" not in [each.name for each in stored_files(folder)]
    (folder / "artifacts" / MANIFEST_FILE).write_text("{")
    assert [each.name for each in stored_files(folder)] == ["experiment.json", "history.jsonl"]
