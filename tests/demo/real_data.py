"""Where the whole real log lies."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).parents[3] / "shared" / "data"
#: Beside the checkout, or where BADGEJOBS_DATA_DIR says.
FOLDER = Path(os.environ.get("BADGEJOBS_DATA_DIR", _BESIDE)).absolute()
#: Without it the tests that need it are not collected; the long step of .ci/run says so.
IS_THERE = (FOLDER / "online_retail").is_dir()
