"""The demo of the whole real log, by real processes."""

from __future__ import annotations

from pathlib import Path

import pytest
import real_data
from running_demo import RunningDemo

__test__ = real_data.IS_THERE
#: Some minutes alone on two cores, and as many times as long as others use them too.
MOST_SECONDS = 1000
pytestmark = [
    pytest.mark.slow,
    pytest.mark.at_length,  # test_whole_log plays it in one process
    pytest.mark.timeout(MOST_SECONDS + 60),
]


def test_the_whole_real_log_becomes_exactly_the_badges_of_independent_truth(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with RunningDemo(state, "--full", "--data", str(real_data.FOLDER)) as demo:
        demo.process.wait(MOST_SECONDS)
        result = demo.result()
    assert result["code"] == 0, result
    assert result["agrees"] is True
    for row in result["badges"]:
        assert row["expected"] == row["assigned"] > 0, row
        assert (row["missing"], row["extra"], row["duplicate"], row["other_time"]) == (0, 0, 0, 0)
    assert demo.living() == []
