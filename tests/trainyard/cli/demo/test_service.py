from pathlib import Path

import pytest

from trainyard.cli.demo.service import run_service
from trainyard.errors import DemoError


@pytest.mark.processes
def test_service_that_does_not_start_is_explained(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way of the folder")
    with pytest.raises(DemoError, match=r"ended with exit status 2:\ntrainyard: cannot write to .*/logs"):
        run_service(tmp_path).__enter__()
