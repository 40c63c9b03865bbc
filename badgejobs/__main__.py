"""``python -m badgejobs`` is the command ``badgejobs``."""

from badgejobs.cli import main

main()
