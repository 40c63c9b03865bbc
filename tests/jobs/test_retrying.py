from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.errors import (
    Ambiguous,
    BadgeJobsError,
    CredentialsRefused,
    DatabaseUnavailable,
    Later,
    LeaseTaken,
    NotFound,
    NotSent,
    Paced,
    PermissionMissing,
    RateLimited,
    Refused,
    TokenRefused,
)
from badgejobs.jobs.retrying import (
    FIRST_PROBE,
    LONGEST_PROBE,
    LONGEST_WAIT,
    Again,
    patience,
    verdict,
)

PASSING = [NotSent("x"), Ambiguous("x"), TokenRefused("x"), DatabaseUnavailable("x")]
FOR_A_PERSON = [CredentialsRefused("x"), PermissionMissing("x"), Refused("x"), NotFound("x")]
ERRORS = [*PASSING, *FOR_A_PERSON]
waits = st.sampled_from([Later, RateLimited, Paced, LeaseTaken])
#: Failures of years of tries, one every six hours.
failures = st.integers(0, 10_000)


@given(kind=waits, seconds=st.floats(0, 900), before=failures)
def test_a_wait_is_as_long_as_was_asked_for_and_is_no_failure(
    kind: type[Later], seconds: float, before: int
) -> None:
    assert verdict(kind("x", seconds=seconds), before) == Again(seconds=seconds, counted=False)


@given(error=st.sampled_from(PASSING), before=failures)
def test_what_may_pass_is_tried_again_soon_and_ever_more_rarely(
    error: BadgeJobsError, before: int
) -> None:
    again = verdict(error, before)

    assert again.counted
    assert 2 <= again.seconds <= LONGEST_WAIT
    assert verdict(error, before + 1).seconds >= again.seconds


@given(error=st.sampled_from(FOR_A_PERSON), before=failures)
def test_what_a_person_must_mend_is_looked_at_rarely_and_never_given_up(
    error: BadgeJobsError, before: int
) -> None:
    again = verdict(error, before)

    assert again.counted
    assert FIRST_PROBE <= again.seconds <= LONGEST_PROBE
    assert verdict(error, before + 1).seconds >= again.seconds


@given(seconds=st.floats(0, 900), seed=st.integers())
def test_a_wait_that_was_asked_for_is_never_shortened(seconds: float, seed: int) -> None:
    random.seed(seed)
    wait = patience(RateLimited("x", seconds=seconds), 0)

    assert timedelta(seconds=seconds) <= wait <= timedelta(seconds=seconds * 1.1 + 0.001)


@given(error=st.sampled_from(ERRORS), before=st.integers(-5, 50), seed=st.integers())
def test_other_waits_are_spread_over_half_their_length(
    error: BadgeJobsError, before: int, seed: int
) -> None:
    random.seed(seed)
    longest = verdict(error, max(0, before)).seconds

    assert longest / 2 <= patience(error, before).total_seconds() <= longest


@pytest.mark.parametrize("error", ERRORS)
def test_jobs_that_failed_at_once_do_not_all_return_at_once(error: BadgeJobsError) -> None:
    assert len({patience(error, 3) for _ in range(20)}) > 10
