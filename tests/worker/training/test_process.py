import subprocess
import sys

from worker.training.__main__ import IMPORTED_LATE, UNUSED


def test_trainer_loads_only_what_it_uses() -> None:
    loaded = f"[m for m in ('tensorflow', 'keras', *{IMPORTED_LATE}, *{UNUSED}) if sys.modules.get(m)]"
    code = (
        "import gc, sys; from worker.training.__main__ import import_tensorflow; import_tensorflow(0); "
        f"print({loaded}, gc.isenabled(), len(gc.get_objects()) < gc.get_freeze_count() / 100)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == f"{['tensorflow', 'keras', *IMPORTED_LATE]} True True"
