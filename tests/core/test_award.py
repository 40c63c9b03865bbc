from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from core_facts import NOON
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.award import (
    CLOCK_SKEW,
    EMPTY_READS_NEEDED,
    MOST_ATTEMPTS,
    OPEN,
    UNSENT,
    Award,
    Giver,
    State,
    Timing,
)

TIMING = Timing()
WINDOW = TIMING.request_deadline + TIMING.late_apply + CLOCK_SKEW
BIT = timedelta(microseconds=1)

PENDING = Award(
    site="shop",
    member_id="ada",
    badge="b",
    state=State.PENDING,
    earned_at=NOON - timedelta(days=1),
    rules_version="v1",
    claim="mine",
    claimed_until=NOON + timedelta(seconds=1),
)
SENT = PENDING.sent(NOON, TIMING)


def test_sending_renews_the_claim_for_longer_than_a_request_can_take() -> None:
    assert SENT.state is State.INFLIGHT
    assert (SENT.attempt, SENT.sent_at, SENT.claim) == (1, NOON, "mine")
    assert SENT.claimed_until == NOON + TIMING.claim
    assert TIMING.claim > TIMING.request_deadline


@pytest.mark.parametrize(
    ("after", "giver"),
    [
        (-CLOCK_SKEW - BIT, Giver.PERSON),
        (-CLOCK_SKEW, Giver.OURS),
        (timedelta(0), Giver.OURS),
        (TIMING.request_deadline, Giver.OURS),
        (WINDOW, Giver.OURS),
        (WINDOW + BIT, Giver.PERSON),
    ],
)
def test_a_badge_found_is_ours_only_if_an_attempt_explains_its_birth(
    after: timedelta, giver: Giver
) -> None:
    found = SENT.lost(NOON, TIMING, reason="time-out").found("a1", NOON + after, TIMING)

    assert (found.state, found.giver, found.assignment_id) == (State.ASSIGNED, giver, "a1")


def test_a_badge_found_without_an_attempt_or_a_birth_is_a_persons() -> None:
    assert PENDING.found("a1", NOON, TIMING).giver is Giver.PERSON
    assert SENT.found("a1", None, TIMING).giver is Giver.PERSON


def test_a_badge_found_after_a_request_that_never_left_is_a_persons() -> None:
    waiting = SENT.not_sent(NOON, wait=1, reason="refused connection")

    assert waiting.found("a1", NOON, TIMING).giver is Giver.PERSON


def test_our_answered_create_is_ours() -> None:
    assert SENT.answered("a1", NOON + timedelta(seconds=1)).giver is Giver.OURS


def test_a_create_answered_with_an_older_badge_is_a_persons() -> None:
    assert SENT.answered("a1", NOON - CLOCK_SKEW - BIT).giver is Giver.PERSON
    assert SENT.answered("a1", None).giver is Giver.PERSON


def test_a_lost_answer_waits_out_the_quiet_period() -> None:
    lost = SENT.lost(NOON, TIMING, reason="reset")

    assert lost.state is State.UNKNOWN
    assert lost.not_before == NOON + TIMING.quiet_period
    assert (lost.claim, lost.claimed_until, lost.attempt) == (None, None, 1)


def test_the_quiet_period_outlasts_what_wix_may_still_apply() -> None:
    assert TIMING.quiet_period > TIMING.request_deadline + TIMING.late_apply


def test_two_empty_reads_apart_let_it_be_sent_again() -> None:
    once = SENT.lost(NOON, TIMING, reason="reset").not_found(NOON, TIMING)
    assert (once.state, once.empty_reads) == (State.UNKNOWN, 1)
    assert once.not_before == NOON + TIMING.read_gap

    twice = once.not_found(NOON, TIMING)
    assert (twice.state, twice.not_before) == (State.PENDING, NOON)
    assert twice.sent_at == NOON, "a late birth of it would still be ours"


def test_the_third_lost_attempt_needs_a_person() -> None:
    award = PENDING
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert award.state is State.PENDING
        award = award.sent(NOON, TIMING).lost(NOON, TIMING, reason="reset")
        assert award.attempt == attempt
        for _ in range(EMPTY_READS_NEEDED):
            award = award.not_found(NOON, TIMING)

    assert award.state is State.NEEDS_ATTENTION
    assert "3 attempts" in award.reason


def test_a_second_lost_answer_starts_the_reads_anew() -> None:
    once = SENT.lost(NOON, TIMING, reason="reset").not_found(NOON, TIMING)
    again = once.not_found(NOON, TIMING).sent(NOON, TIMING).lost(NOON, TIMING, reason="reset")

    assert again.empty_reads == 0


def test_a_request_that_never_left_does_not_count_as_an_attempt() -> None:
    waiting = SENT.not_sent(NOON, wait=7, reason="429")

    assert (waiting.state, waiting.attempt, waiting.sent_at) == (State.PENDING, 0, None)
    assert waiting.not_before == NOON + timedelta(seconds=7)
    assert (waiting.claim, waiting.claimed_until) == (None, None)


@pytest.mark.parametrize("state", [State.PENDING, State.UNKNOWN])
def test_a_claim_given_back_leaves_the_state_and_the_reads(state: State) -> None:
    held = replace(PENDING, state=state, empty_reads=1)

    freed = held.released(NOON, wait=3)

    assert (freed.state, freed.empty_reads, freed.claim) == (state, 1, None)
    assert freed.not_before == NOON + timedelta(seconds=3)


@pytest.mark.parametrize("state", [State.BLOCKED, State.PAUSED])
def test_a_refusal_is_settled_and_holds_nothing(state: State) -> None:
    refused = SENT.refused(state, reason="unknown member")

    assert (refused.state, refused.claim, refused.not_before) == (state, None, None)
    assert refused.reason == "unknown member"


def test_only_what_waits_to_be_sent_or_read_is_open() -> None:
    assert {State.PENDING, State.UNKNOWN} == OPEN


MOVES = ("sent", "not_sent", "lost", "not_found", "released")


@given(moves=st.lists(st.sampled_from(MOVES), max_size=30))
def test_no_course_of_events_sends_more_than_three_unclear_attempts(moves: list[str]) -> None:
    award, unclear = PENDING, 0
    for move in moves:
        match move, award.state:
            case "sent", State.PENDING:
                award = award.sent(NOON, TIMING)
            case "not_sent", State.INFLIGHT:
                award = award.not_sent(NOON, wait=1, reason="")
            case "lost", State.INFLIGHT:
                award, unclear = award.lost(NOON, TIMING, reason=""), unclear + 1
            case "not_found", State.UNKNOWN:
                award = award.not_found(NOON, TIMING)
            case "released", State.PENDING | State.UNKNOWN:
                award = award.released(NOON, wait=1)
            case _:
                pass
        assert 0 <= award.attempt <= MOST_ATTEMPTS
        assert award.state is State.INFLIGHT or award.claim is None or award is PENDING
    assert unclear <= MOST_ATTEMPTS


def test_what_is_held_waits_in_nobodys_hand_and_is_as_before_when_it_is_cleared() -> None:
    held = PENDING.held(reason="history incomplete")

    assert (held.state, held.reason, held.claim) == (State.HELD, "history incomplete", None)
    assert State.HELD not in OPEN
    assert held.cleared() == replace(PENDING, claim=None, claimed_until=None)
    assert held.withdrawn(reason="unmet").state is State.WITHDRAWN
    assert {State.HELD, State.PENDING} == UNSENT


@pytest.mark.parametrize(
    ("award", "takes"),
    [
        (PENDING, False),
        (PENDING.held(reason="limit"), False),
        (PENDING.withdrawn(reason="unmet"), False),
        (SENT, True),
        (SENT.not_sent(NOON, wait=1, reason="no route"), False),
        (SENT.lost(NOON, TIMING, reason="reset"), True),
        (SENT.refused(State.BLOCKED, reason="no such member"), True),
        (SENT.refused(State.BLOCKED, reason="no such member").revived(), True),
        (SENT.lost(NOON, TIMING, reason="reset").not_found(NOON, TIMING), True),
        (replace(SENT, attempt=2).not_sent(NOON, wait=1, reason="no route"), True),
        (SENT.withdrawn(reason="unmet"), True),
        (PENDING.given("a1", Giver.PERSON), True),
    ],
)
def test_a_place_is_taken_by_all_that_was_sent_unless_it_surely_never_happened(
    award: Award, takes: bool
) -> None:
    assert award.takes_slot is takes
