"""`python -m worker.evaluation EVENTS_FD SUPERVISOR_PID`: evaluate one network on another dataset."""

from worker.jobs.channel import connect

if __name__ == "__main__":
    with connect() as channel:
        # Now that the process dies with its supervisor: this takes a second to import.
        from worker.evaluation.process import main

        main(channel)
