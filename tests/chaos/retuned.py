"""``badgejobs`` under settings of Celery that are ours to choose: ``python retuned.py ...``.

The words that come first are settings, as ``name=number``.
"""

from __future__ import annotations

import sys

from badgejobs.cli import main
from badgejobs.jobs.app import app

if __name__ == "__main__":
    while "=" in sys.argv[1]:
        name, _, number = sys.argv.pop(1).partition("=")
        app.conf[name] = int(number)
    main()
