"""How badges look at Wix and in which order they are shown, as far as the rules file owns that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from badgejobs.core.ledger import Bound
from badgejobs.core.milestone import Look, Milestone, Ruleset
from badgejobs.core.rising import may_stay
from badgejobs.core.wixfacts import WixBadge
from badgejobs.errors import (
    AlreadyExists,
    Ambiguous,
    BadgeJobsError,
    NotFound,
    Refused,
    StaleRevision,
)
from badgejobs.flow.gone import badge_gone, badges_gone
from badgejobs.flow.ports import Badges, Store

_UNSAID = Look(title="")


def bring_looks(
    site: str, rules: Ruleset, badges: Badges, store: Store
) -> tuple[int, list[BadgeJobsError]]:
    """Bring to Wix each look that the file gives otherwise than before: (changed, errors).

    What a person changed in the dashboard stays until the file changes. Nobody is asked where
    the file says what it said.
    """
    with store.begin() as tx:
        bound = tx.bindings.bound(site)
        for one in rules.milestones:
            if one.look is None and one.badge in bound and bound[one.badge].look:
                tx.bindings.note_look(site, one.badge, None)
    changed, errors = 0, list[BadgeJobsError]()
    for milestone, known in _owned(rules, bound):
        if known.look == milestone.look:
            continue
        try:
            changed += _bring(site, milestone, known, badges, store)
        except NotFound as error:
            if not _waits_from_now(site, [known], badges, store):
                errors.append(error)
        except StaleRevision:
            errors.append(
                StaleRevision(
                    f"badge {milestone.badge!r}: it was changed at Wix while its look was brought "
                    "there; that is tried again by itself"
                )
            )
        except (Refused, AlreadyExists) as error:
            errors.append(
                Refused(
                    f"badge {milestone.badge!r}: Wix does not take its look: {error}; change its "
                    "`badge:` in the rules, or what is in its way in the dashboard"
                )
            )
        except BadgeJobsError as error:
            errors.append(error)
    return changed, errors


def put_in_order(
    site: str, rules: Ruleset, badges: Badges, store: Store
) -> tuple[int, BadgeJobsError | None]:
    """Show the badges that the file owns in its order, moving as few as can be: (moved, error).

    Each move is remembered, so that after an error the rest is left to do. What else stands at
    Wix stays, and so does the first of ours unless another one of ours has to come behind it.
    """
    with store.begin() as tx:
        owned = [known for _, known in _owned(rules, tx.bindings.bound(site))]
        places = [known.place for known in owned]
        stay = may_stay(places)
        if len(stay) == len(owned) and all(places):
            return 0, None
        tx.bindings.note_places(
            site,
            {one.badge: n + 1 if n in stay else 0 for n, one in enumerate(owned)},
        )
    moved = 0
    for index, known in enumerate(owned):
        if index in stay:
            continue
        try:
            if index:
                badges.move_badge(known.wix_badge_id, after=owned[index - 1].wix_badge_id)
            else:
                badges.move_badge(known.wix_badge_id, place="FIRST")
        except NotFound as error:
            pair = owned[max(0, index - 1) : index + 1]
            # the rest is put in order the next time, without what is gone
            return moved, None if _waits_from_now(site, pair, badges, store) else error
        except BadgeJobsError as error:
            return moved, error
        with store.begin() as tx:
            tx.bindings.note_places(site, {known.badge: index + 1})
        moved += 1
    return moved, None


def _owned(rules: Ruleset, bound: Mapping[str, Bound]) -> list[tuple[Milestone, Bound]]:
    """The badges whose look the file owns, in its order, as far as they stand at Wix."""
    return [
        (one, bound[one.badge])
        for one in rules.milestones
        if one.look and one.badge in bound and bound[one.badge].gone_at is None
    ]


def _bring(site: str, milestone: Milestone, known: Bound, badges: Badges, store: Store) -> bool:
    """Change what differs at Wix; whether anything did."""
    look = milestone.look
    assert look, "asked only of a badge whose look the file owns"
    standing, changed = badges.get_badge(known.wix_badge_id), False
    if changes := _differing(standing.look, look, known.look):
        try:
            standing = badges.update_badge(standing.id, standing.revision, **changes)
        except StaleRevision:
            standing = _once_more(badges, known, look)
        except Ambiguous:
            standing = badges.get_badge(known.wix_badge_id)
            if _differing(standing.look, look, known.look):
                raise
        changed = True
    with store.begin() as tx:
        tx.bindings.note_look(site, milestone.badge, look)
        tx.bindings.note_titles(site, {milestone.badge: standing.title})
    return changed


def _once_more(badges: Badges, known: Bound, look: Look) -> WixBadge:
    """Somebody was faster: read again what stands there now, and change the rest."""
    standing = badges.get_badge(known.wix_badge_id)
    changes = _differing(standing.look, look, known.look)
    return badges.update_badge(standing.id, standing.revision, **changes) if changes else standing


def _differing(standing: Look, wanted: Look, before: Look | None) -> dict[str, str]:
    """The fields to change: those of the file that differ at Wix.

    What the file leaves unsaid is the owner's, unless the file said it before. A title that was
    changed in the dashboard is so too, until the file changes it.

    >>> red, blue = Look(title="A", text="#FF0000"), Look(title="B", text="#0000FF")
    >>> _differing(red, blue, None), _differing(red, blue, red)
    ({'text': '#0000FF'}, {'title': 'B', 'text': '#0000FF'})
    >>> _differing(red, Look(title="A"), None), _differing(red, Look(title="A"), red)
    ({}, {'text': '#FFFFFF'})
    """
    changes = dict[str, str]()
    for name in (one.name for one in fields(Look)):
        value = getattr(wanted, name)
        is_new = before is not None and getattr(before, name) != value
        is_said = name != "title" and value != getattr(_UNSAID, name)
        if value is None or not (is_new or is_said):
            continue
        there = getattr(standing, name) or ""
        is_same = there.upper() == value.upper() if value.startswith("#") else there == value
        if not is_same:
            changes[name] = value
    return changes


def _waits_from_now(site: str, known: list[Bound], badges: Badges, store: Store) -> bool:
    """Let those of these wait that are gone at Wix; whether any is."""
    gone = badges_gone(badges, [one.wix_badge_id for one in known]) or frozenset()
    for one in known:
        if one.wix_badge_id in gone:
            with store.begin() as tx:
                badge_gone(tx, site, one.badge, one.wix_badge_id)
    return bool(gone)
