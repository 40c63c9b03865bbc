"""``has``: the badge exists, nothing leads back to itself, and it can be computed."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.rules.checks.walking import Composite, parts
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.badges import BadgeRule
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.measures import HasRule
from badgejobs.rules.language.scalars import nearest
from badgejobs.rules.yaml_tree import Document, Trail

#: How many badges may lean on each other in a row, and how many leaves one may come to with all
#: that it leans on: a file of a page could else mean more conditions than can be looked at.
LONGEST_CHAIN = 8
MOST_LEAVES = 1_000


def about_references(rules: Rules, document: Document) -> Iterator[Complaint]:
    """Badges that ``has`` names and that are not there, or cannot stand there."""
    badges = {rule.id: rule for rule in rules.badges}
    tiers = {tier.id for ladder in rules.ladders for tier in ladder.tiers}
    ladders = {ladder.id: ladder.tiers[0].id for ladder in rules.ladders}
    leans: dict[str, list[tuple[str, Trail]]] = {}
    for index, rule in enumerate(rules.badges):
        leans[rule.id] = []
        for trail, condition, _ in parts(rule.when, ("badges", index, "when")):
            if not isinstance(condition, HasRule):
                continue
            place = (*trail, "has")
            if problem := _problem(condition.has, badges, tiers, ladders):
                yield Complaint(document.place(place), named(place, problem))
            elif condition.has in badges:
                leans[rule.id].append((condition.has, place))
    yield from _chains(rules, leans, document)


def _problem(
    badge: str, badges: dict[str, BadgeRule], tiers: set[str], ladders: dict[str, str]
) -> str | None:
    if badge in badges:
        if badges[badge].limit:
            return (
                f"'{badge}' is for the first members only, which no member's own facts can tell; "
                "repeat its condition here in place of 'has'"
            )
        if badges[badge].earnable or badges[badge].retired:
            return (
                f"'{badge}' is given at some times only (earnable, retired), which 'has' does not "
                "look at; repeat its condition here in place of 'has'"
            )
        return None
    if badge in tiers:
        return None
    if badge in ladders:
        return f"'{badge}' is a ladder; name one of its tiers, such as '{ladders[badge]}'"
    near = nearest(badge, {*badges, *tiers})
    cure = f"did you mean '{near}'?" if near else "write the id of a badge or a tier of this file"
    return f"there is no badge '{badge}'; {cure}"


def _chains(
    rules: Rules, leans: dict[str, list[tuple[str, Trail]]], document: Document
) -> Iterator[Complaint]:
    """Circles, chains that are too long, and badges that come to too much.

    Badges are settled once all that they lean on is, so whatever stays unsettled leads to a
    circle; no recursion, since a file may hold hundreds in a row.
    """
    own = {
        rule.id: sum(not isinstance(one.condition, Composite) for one in parts(rule.when, ()))
        for rule in rules.badges
    }
    places = {rule.id: ("badges", index, "when") for index, rule in enumerate(rules.badges)}
    depth, leaves = dict[str, int](), dict[str, int]()
    waiting = list(leans)
    while ready := [badge for badge in waiting if all(on in depth for on, _ in leans[badge])]:
        for badge in ready:
            depth[badge] = 1 + max((depth[on] for on, _ in leans[badge]), default=0)
            leaves[badge] = own[badge] + sum(leaves[on] for on, _ in leans[badge])
        waiting = [badge for badge in waiting if badge not in depth]
    if waiting:
        circle = _circle(waiting[0], leans, depth)
        trail = next(trail for on, trail in leans[circle[0]] if on == circle[1])
        text = f"the badges lean on each other: {' > '.join(circle)}; break the circle"
        yield Complaint(document.place(trail), named(trail, text))
    for badge, length in depth.items():
        if length == LONGEST_CHAIN + 1:
            text = (
                f"'has' leads from badge to badge {length - 1} times; at most {LONGEST_CHAIN - 1}"
            )
            yield Complaint(document.place(places[badge]), named(places[badge], text))
        if leaves[badge] > MOST_LEAVES:
            text = f"comes to {leaves[badge]} conditions, with 'has'; at most {MOST_LEAVES}"
            yield Complaint(document.place(places[badge]), named(places[badge], text))


def _circle(
    badge: str, leans: dict[str, list[tuple[str, Trail]]], settled: dict[str, int]
) -> list[str]:
    """A circle that an unsettled badge leads to, its first badge written again at its end.

    Each unsettled badge leans on another one, so the way comes by the same badge twice.
    """
    way = [badge]
    while True:
        onward = next(on for on, _ in leans[way[-1]] if on not in settled)
        if onward in way:
            return [*way[way.index(onward) :], onward]
        way.append(onward)
