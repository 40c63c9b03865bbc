from __future__ import annotations

from collections.abc import Iterator

import pytest

from badgejobs.config import Assign, Scan, Settings
from badgejobs.errors import SettingsError
from badgejobs.jobs import app as jobs


def settings(*, deadline: int = 30, slice_seconds: int = 50) -> Settings:
    return Settings.model_construct(
        assign=Assign.model_construct(request_deadline_seconds=deadline),
        scan=Scan.model_construct(slice_seconds=slice_seconds),
    )


@pytest.fixture
def conf() -> Iterator[None]:
    """Puts the settings of the one Celery application back as they were."""
    options = dict(jobs.app.conf.broker_transport_options)
    limit = jobs.app.conf.task_time_limit
    prefetch = jobs.app.conf.worker_prefetch_multiplier
    yield
    jobs.app.conf.broker_transport_options = options
    jobs.app.conf.task_time_limit = limit
    jobs.app.conf.worker_prefetch_multiplier = prefetch


def test_the_settings_that_we_ship_keep_the_order() -> None:
    jobs.check(settings())


def test_a_claim_that_outlasts_the_time_limit_is_refused() -> None:
    with pytest.raises(SettingsError, match="time limit > claim on an award"):
        jobs.check(settings(deadline=jobs.TIME_LIMIT - 15))


def test_a_slice_that_the_soft_limit_would_cut_is_refused_with_the_cure() -> None:
    with pytest.raises(SettingsError, match=r"lower .*scan\.slice_seconds"):
        jobs.check(settings(deadline=40, slice_seconds=60))


def test_a_visibility_timeout_shorter_than_two_time_limits_is_refused(conf: None) -> None:
    options = jobs.app.conf.broker_transport_options
    jobs.app.conf.broker_transport_options = options | {"visibility_timeout": 239}

    with pytest.raises(SettingsError, match="visibility timeout"):
        jobs.check(settings())


def test_more_than_one_job_in_hand_is_refused(conf: None) -> None:
    jobs.app.conf.worker_prefetch_multiplier = 4

    with pytest.raises(SettingsError, match="prefetch"):
        jobs.check(settings())


def test_every_broken_rule_is_named_at_once(conf: None) -> None:
    jobs.app.conf.worker_prefetch_multiplier = 4

    with pytest.raises(SettingsError) as refused:
        jobs.check(settings(deadline=200))

    for name in ("time limit", "slice", "prefetch"):
        assert name in str(refused.value)
