from typing import Any

import pytest

from worker.training.network import build
from worker.training.warmup import warm_up


@pytest.mark.parametrize(("is_awaited", "trained"), [(False, 1), (True, 0)])
def test_trainer_without_a_job_warms_up(monkeypatch: pytest.MonkeyPatch, is_awaited: bool, trained: int) -> None:
    models: list[Any] = []

    def remember(*arguments: Any) -> Any:
        models.append(build(*arguments))
        return models[-1]

    monkeypatch.setattr("worker.training.warmup.build", remember)
    warm_up(is_alone=True, is_awaited=is_awaited)
    assert [int(model.optimizer.iterations) for model in models] == [1] * trained
