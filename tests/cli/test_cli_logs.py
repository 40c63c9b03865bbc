"""What libraries say of a lost connection is one line; all else keeps its traceback."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator

import pytest
import structlog

from badgejobs.cli.logs import set_up_logs
from badgejobs.core.identity import keyed


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
    structlog.reset_defaults()


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


def test_ids_of_members_are_digests_that_tell_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        set_up_logs(level="INFO", form="json", digest=keyed(b"k" * 32))
        log = structlog.get_logger("badgejobs.some")
        log.info("one", member="ada-1234", members=["ada-1234", "bob-5678"], site="shop")
        with structlog.contextvars.bound_contextvars(member_id="ada-1234", run=7):
            logging.getLogger("library").warning("two")
        log.info("three", members=12, member=None)
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()

    one, two, three = (json.loads(line) for line in shown.getvalue().splitlines())
    assert "ada-1234" not in shown.getvalue()
    assert one["member"] == one["members"][0] == two["member_id"] != one["members"][1]
    assert one["member"].startswith("#")
    assert (one["site"], two["run"], three["members"], three["member"]) == ("shop", 7, 12, None)


def test_without_a_key_ids_of_members_are_not_shown_at_all(said: io.StringIO) -> None:
    structlog.get_logger("badgejobs.some").info("one", member="ada-1234", site="shop")

    assert "ada-1234" not in said.getvalue()
    assert "member=#" in said.getvalue()
