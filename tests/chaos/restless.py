"""``badgejobs`` with a worker that takes new children all the time: ``python restless.py ...``."""

from __future__ import annotations

from badgejobs.cli import main
from badgejobs.jobs.app import app

if __name__ == "__main__":
    # No child is below one kilobyte, so each is replaced after every job.
    app.conf.worker_max_memory_per_child = 1
    main()
