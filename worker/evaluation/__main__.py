"""`python -m worker.evaluation PARENT`: do the job that is said on standard input."""

import sys

from worker.jobs.parent_death import die_with_parent

if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    # Only now: this imports scikit-learn and ONNX Runtime, which takes seconds in which the worker may die.
    from worker.evaluation.process import main

    main()
