"""What must be true when a life has come to rest, and nothing is due any more."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from life_laws import Pair, Word
from life_play import MARA, MEMBERS, TIGHT, Life
from life_rules import PLACES
from stage import FREE

from badgejobs.core.award import Giver, State, Unmet
from badgejobs.core.evaluate import evaluate
from badgejobs.core.guard import WINDOW
from badgejobs.core.milestone import Milestone
from badgejobs.store.acting import PERSON_AT_WIX, PERSON_BY_COMMAND, RULES

#: Calls that change something at Wix.
WRITING = (
    "create", "create_many", "delete_many", "create_badge", "update_badge", "move_badge"
)  # fmt: skip
#: Whoever gave up, and says so: a person is to look.
GIVEN_UP = frozenset({State.NEEDS_ATTENTION})


def check_at_rest(life: Life) -> None:
    """Let a life come to rest, twice where its guard holds something back, and check it."""
    life.wix.relent()
    life.wix.holes = 0
    life.settle(times=1)
    if life.guard is TIGHT:
        _no_more_than_the_guard_lets_pass(life)
        life.guard = FREE
        life.settle(times=1)
    # until every grace and every term that began is over
    life.wait(days=9)
    life.settle()
    for member in MEMBERS:
        for one in life.words.milestones:
            _pair(life, (member, one.badge), one)
    _limit(life)
    _history(life)
    _quiet(life)


def _pair(life: Life, pair: Pair, one: Milestone) -> None:
    """What stands of one pair is what a person said last of it, else what the facts say."""
    rows = life.wix.rows(life.laws.at_wix(pair))
    award, word = life.laws.award(pair), life.laws.said.get(pair)
    state = award.state if award else None
    told = f"{pair}: {len(rows)} stand, {state}, {word}"
    ours = [row for row in rows if row.id not in life.wix.by_owner]
    assert len(ours) <= 1, f"{told}: twice by us"
    assert state not in {State.INFLIGHT, State.UNKNOWN, State.REVOKING, State.PAUSED}, told
    if pair[0] in life.wix.members_gone:
        assert not rows, told
        return
    if rows:
        assert award is not None, f"{told}: not in the ledger"
        assert state in {State.ASSIGNED, *GIVEN_UP}, f"{told}: the ledger does not have it"
    elif state is State.ASSIGNED:
        raise AssertionError(f"{told}: the ledger has what does not stand")
    match word:
        case Word.GAVE:
            # given while a create of ours was under way, it may be held for the fruit of that
            assert rows or any(of == life.laws.at_wix(pair) for of, _ in life.wix.sends), told
        case Word.GRANTED:
            assert rows or state in GIVEN_UP, told
        case Word.TOOK | Word.REVOKED:
            assert not ours, told
        case Word.UNHEARD:
            pass
        case None:
            if state not in GIVEN_UP:
                assert state is not State.TAKEN, f"{told}: nobody took it"
                _as_the_facts_say(life, pair, one, stands=bool(rows), told=told)


def _as_the_facts_say(life: Life, pair: Pair, one: Milestone, *, stands: bool, told: str) -> None:
    at = life.at
    facts = [
        fact
        for source in (at.orders, at.comments)
        for fact in source.records.values()
        if fact.member_id == pair[0]
    ]
    answer = evaluate(facts, one, at.clock())
    met = bool(facts) and answer.met
    if one.lifecycle.first is not None:
        return  # who has a place depends on who was read first
    if met and not stands:
        raise AssertionError(f"{told}: earned, and not there")
    if stands and not met:
        # Kept for good once it was given; who was given it under the old words keeps it by them.
        award = life.laws.award(pair)
        assert award is not None
        words = life.words.second.held_to(one, award.rules_version)
        keeps = not one.lifecycle.revokes and one.lifecycle.expires_after is None
        kept = words is not one and evaluate(facts, words, at.clock()).met
        # A tier goes only when the one in its place stands, and a person, or one who is to look
        # at what was given up, may keep that from standing for ever.
        waits = one.ladder is not None and _is_upset(life, pair[0])
        assert keeps or kept or waits, f"{told}: there, and not earned"


def _is_upset(life: Life, member: str) -> bool:
    """Whether anything but facts decides about a tier of theirs."""
    tiers = [(member, badge) for badge in life.words.ladder()]
    awards = [award for award in map(life.laws.award, tiers) if award]
    return any(tier in life.laws.said for tier in tiers) or any(
        award.state in GIVEN_UP or award.giver is Giver.PERSON for award in awards
    )


def _limit(life: Life) -> None:
    """No place is given twice by the rules."""
    for one in life.words.milestones:
        if one.lifecycle.first is None:
            continue
        with life.at.store.read() as tx:
            used, in_line = tx.awards.places(life.at.site, one.badge)
        by_persons = sum(badge == one.badge for _, badge in life.laws.touched)
        assert used <= PLACES + by_persons, "more places than there are"
        assert used >= PLACES or not in_line, "somebody waits, and there is a place"


def _no_more_than_the_guard_lets_pass(life: Life) -> None:
    """Within a day the rules took no more than the guard lets pass, what it counts not aside."""
    taken = sorted(
        change.at
        for member in MEMBERS
        for change in life.laws.history(member)
        if change.to_state is State.REVOKED
        and change.actor == RULES
        and change.reason == Unmet.CONDITION
    )
    for first in taken:
        within = sum(first <= at < first + WINDOW - timedelta(minutes=1) for at in taken)
        assert within <= TIGHT.least, "more was taken in a day than the guard lets pass"


def _history(life: Life) -> None:
    for member in MEMBERS:
        for change in life.laws.history(member):
            assert change.actor in {RULES, PERSON_AT_WIX, PERSON_BY_COMMAND, MARA}, change
            assert change.actor == MARA or change.run is not None, change


def _quiet(life: Life) -> None:
    """Once at rest, all that works once more changes nothing at Wix, and no state."""
    before, states = Counter(call.name for call in life.wix.calls), life.at.awards(*MEMBERS)
    life.wait(seconds=150)
    life.round()
    after = Counter(call.name for call in life.wix.calls)
    assert {
        name: after[name] - before[name] for name in WRITING if after[name] != before[name]
    } == {}
    assert life.at.awards(*MEMBERS) == states
