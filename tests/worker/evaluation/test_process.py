import subprocess
import sys


def test_evaluation_loads_only_what_it_uses() -> None:
    heavy = ("tensorflow", "keras", "sklearn", "scipy", "redis", "celery", "fastapi")
    code = f"import sys, worker.evaluation.process; print([m for m in {heavy} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
