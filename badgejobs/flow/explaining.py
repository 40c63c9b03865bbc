"""Explain: why one member has a badge or not, put together in one transaction that only reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from itertools import takewhile

from badgejobs.core.activity import Activity
from badgejobs.core.award import UNSENT, Award
from badgejobs.core.evaluate import Evaluator
from badgejobs.core.explanation import Explanation, InLine, LastChange, Unread
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.errors import SettingsError
from badgejobs.flow.decide import Earlier, answers_for, outlook_on
from badgejobs.flow.ports import Changed, Store, Transaction
from badgejobs.flow.verdicts import Outlook, all_sources_of


def explain(
    store: Store,
    site: str,
    member: str,
    badge: str,
    rules: Ruleset,
    *,
    as_of: datetime | None = None,
) -> Explanation:
    """Why, at this moment or as of another; ``badge`` is its id in the rules, or its title.

    Wix is not asked. As of another moment the facts as they are recorded now are held against
    the rules of now; the award is the one that stands. Raises ``SettingsError`` for a badge that
    neither the rules nor the member's awards know, with those that there are.
    """
    with store.read() as tx:
        return explained(tx, site, member, badge, rules, as_of=as_of)


def explained(
    tx: Transaction,
    site: str,
    member: str,
    badge: str,
    rules: Ruleset,
    *,
    as_of: datetime | None = None,
) -> Explanation:
    """The same, within a transaction."""
    awards = tx.awards.of_members(site, [member])
    milestone = named(rules, badge)
    found_badge = milestone.badge if milestone else badge
    award = awards.get((member, found_badge))
    if milestone is None and award is None:
        required(rules, badge)
    known_facts = tx.activities.of_members(site, [member]).get(member, [])
    in_force, decided_to = tx.bindings.applied(site)
    outlook = outlook_on(tx, site, rules, at=as_of)
    whole = Explanation(
        site=site,
        member=member,
        badge=found_badge,
        milestone=milestone,
        now=tx.now,
        as_of=as_of or tx.now,
        version=rules.version,
        in_force=in_force,
        all_decided=in_force is not None and decided_to is None,
        facts={(one.source, one.activity_id): one for one in known_facts},
        award=award,
        last=_last(tx, site, member, found_badge) if award else None,
        given_by_rules_of=tx.versions.since(site, award.rules_version) if award else None,
    )
    return _held_against(tx, whole, known_facts, rules, outlook) if milestone else whole


def required(rules: Ruleset, badge: str) -> Milestone:
    """As :func:`named`; ``SettingsError`` where there is none, with what was probably meant."""
    if milestone := named(rules, badge):
        return milestone
    names = {one.badge.casefold(): one.badge for one in rules.milestones}
    names |= {one.title.casefold(): one.badge for one in rules.milestones}
    near = get_close_matches(badge.strip().casefold()[:80], names, n=1)
    known = ", ".join(one.badge for one in rules.milestones)
    cure = f"did you mean {names[near[0]]!r}?" if near else f"they have: {known}"
    raise SettingsError(f"the rules have no badge {badge!r}; {cure}")


def named(rules: Ruleset, badge: str) -> Milestone | None:
    """The milestone of a badge that is named by its id or, if only one has it, by its title.

    >>> named(Ruleset(version="v", milestones=()), "gold") is None
    True
    """
    for one in rules.milestones:
        if one.badge == badge:
            return one
    wanted = badge.strip().casefold()
    titled = [one for one in rules.milestones if one.title.casefold() == wanted]
    return titled[0] if len(titled) == 1 else None


def _held_against(
    tx: Transaction,
    whole: Explanation,
    facts: list[Activity],
    rules: Ruleset,
    outlook: Outlook,
) -> Explanation:
    """An explanation with what the facts say of its badge."""
    milestone, award = whole.milestone, whole.award
    assert milestone, "asked of badges that the rules have"
    [answer] = answers_for(Evaluator((milestone,)), facts, outlook)
    earlier = Earlier(rules).answers([award] if award else [], facts, outlook)
    sources = sorted(all_sources_of(milestone))
    complete = tx.scans.complete(whole.site, rules.wants)
    known_to = tx.scans.known_to(whole.site)
    return replace(
        whole,
        answer=answer,
        held_to=earlier.get(milestone.badge),
        unread=tuple(
            Unread(source=one, known_to=known_to.get(one)) for one in sources if one not in complete
        ),
        hold=outlook.hold(milestone.badge),
        in_line=_in_line(tx, award, milestone),
    )


def _in_line(tx: Transaction, award: Award | None, milestone: Milestone) -> InLine | None:
    first = milestone.lifecycle.first
    waits = award and award.state in UNSENT and not award.has_slot and not award.by_hand
    if award is None or first is None or not waits:
        return None
    used, _ = tx.awards.places(award.site, award.badge)
    return InLine(before=tx.awards.before_in_line(award), used=used, first=first)


def _last(tx: Transaction, site: str, member: str, badge: str) -> LastChange | None:
    changes = [one for one in tx.awards.history(site, member) if one.badge == badge]
    if not changes:
        return None
    last = changes[-1]
    # a wish is carried out by a worker, in whose change nobody's name and note stand
    told = next((one for one in takewhile(_by_person, reversed(changes)) if one.note), last)
    return LastChange(
        at=last.at,
        to_state=last.to_state,
        reason=last.reason,
        actor=told.actor,
        note=told.note,
    )


def _by_person(one: Changed) -> bool:
    return one.actor != "rules"
