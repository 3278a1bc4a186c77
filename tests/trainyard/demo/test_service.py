from pathlib import Path

import pytest

from trainyard.demo.errors import DemoError
from trainyard.demo.service import running_service


@pytest.mark.processes
def test_a_service_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way of the folder")
    with pytest.raises(DemoError, match=r"ended with exit status 2:\ntrainyard: cannot write to .*/logs"):
        running_service(tmp_path).__enter__()
