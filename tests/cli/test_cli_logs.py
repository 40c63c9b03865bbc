"""What libraries say of a lost connection is one line; all else keeps its traceback."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from collections.abc import Iterator

import pytest

from badgejobs.cli.logs import set_up_logs


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, as it is shown."""
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    set_up_logs(level="INFO", form="console")
    yield shown
    root.handlers = handlers
    root.setLevel(level)


def failed(logger: str, error: Exception) -> None:
    try:
        raise error
    except type(error):
        logging.getLogger(logger).exception("no answer: %r", error)


def test_a_lost_broker_is_one_line(said: io.StringIO) -> None:
    failed("celery.worker.request", ConnectionError("refused"))

    (line,) = said.getvalue().splitlines()
    assert "no answer: ConnectionError('refused')" in line


@pytest.mark.parametrize(
    ("logger", "error"),
    [("celery.worker.request", KeyError("x")), ("celery.app.trace", ConnectionError("x"))],
)
def test_a_mistake_keeps_its_traceback(said: io.StringIO, logger: str, error: Exception) -> None:
    failed(logger, error)

    assert "Traceback (most recent call last)" in said.getvalue()


def test_a_warning_with_a_traceback_in_it_is_one_line(said: io.StringIO) -> None:
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            text = "raised outside body: lost\nTraceback (most recent call last):\n  File x"
            warnings.warn(text, RuntimeWarning, stacklevel=1)
    finally:
        logging.captureWarnings(False)

    (line,) = said.getvalue().splitlines()
    assert "raised outside body: lost" in line
