"""How one site stands in full: sources, awards, what is stuck and why, runs."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from rich.console import RenderableType

from badgejobs.bootstrap import House
from badgejobs.cli.budget import budgets
from badgejobs.cli.budget import in_words as budget_in_words
from badgejobs.cli.freshness import as_json as freshness_as_json
from badgejobs.cli.freshness import audits, freshness, table
from badgejobs.cli.output import Rows, ago
from badgejobs.cli.quarantine import stuck, stuck_in_words
from badgejobs.core.award import State
from badgejobs.errors import BadgeJobsError, SettingsError
from badgejobs.flow.verdicts import IN_LINE
from badgejobs.jobs.standing import suspended_in_words
from badgejobs.store.awards import SqlAwards
from badgejobs.store.fleet_lines import STUCK_AFTER
from badgejobs.store.links import LinkTotals
from badgejobs.store.overviews import ScanOverview
from badgejobs.store.removals import ToBeTaken
from badgejobs.store.scans import RESTING

#: Latest runs shown.
RUNS = 10
#: Different reasons of a site shown; texts of Wix may differ from award to award.
MOST_REASONS = 10
#: Letters of an error that a table shows.
_SHORT = 100
_GIVEN_UP = ("site", "badge", "given up", "awards", "why")
_WAITS = ("site", "badge", "what", "awards", "why")
_STUCK = ("site", "stuck", "since", "why")
#: Of badges that stand at Wix and are no longer earned.
_TO_BE_TAKEN = "due to be taken"
_NOBODY_TOOK_IT = "nobody has taken it in hand; is a worker running, and `badgejobs beat`?"
_UNKNOWN = "the answer of Wix was lost; after a quiet period it is settled by reading"


def in_full(house: House, sites: Sequence[str]) -> tuple[dict[str, Any], list[RenderableType]]:
    """These sites for ``--json``, and what is to be shown of them."""
    with house.store.read() as tx:
        now = tx.now
        scans = [one for name in sites for one in tx.scans.overview(name)]
        awards = {name: tx.awards.states(name) for name in sites}
        reasons = {name: tx.awards.reasons(name) for name in sites}
        to_go = [(name, one) for name in sites for one in tx.removals.overview(name)]
        wake_ups = {name: tx.wake_ups.overview(name, tx.scans.known_to(name)) for name in sites}
        applied = {name: tx.bindings.applied(name)[0] for name in sites}
        guests = {name: tx.links.totals(name) for name in sites}
        fresh = [one for name in sites for one in freshness(house, tx, name)]
        held = [row for name in sites for row in _held(tx.awards, name, reasons[name])]
        aside = tx.quarantine.numbers(sites)
        alerts = tx.alerts.open(sites)
        suspended = tx.standings.suspended(sites)
        drift = tx.drifts.numbers(sites)
        runs = [one for name in sites for one in tx.runs.recent(name, RUNS)]
        calls = budgets(house, tx, sites)
    rules = {name: _rules(house, name, applied[name]) for name in sites}
    at_rest = {one.site for one in suspended}
    standing_still = _stuck([one for one in scans if one.site not in at_rest], awards, now)
    source_rows = [
        (one.site, one.source, one.track.value, _at(one.completed_at, now),
         _due(one.due_at, one.lease_until, now), str(one.failures or ""), _short(one.last_error))
        for one in scans
    ]  # fmt: skip
    award_rows = [
        (name, badge, state.value, str(number))
        for name, states in awards.items()
        for (badge, state), number in sorted(states.items())
    ]
    given_up = [row for name in sites for row in _given_up(name, reasons[name])]
    run_rows = [
        (one.site, one.kind, one.started_by, ago(one.started_at, now), _ending(one, now))
        for one in runs
    ]
    data: dict[str, Any] = {
        "at": now,
        "rules": rules,
        "rules_in_force": applied,
        "sources": [_as_json(one) for one in scans],
        "freshness": freshness_as_json(fresh),
        "awards": [
            {"site": name, "badge": badge, "state": state, "number": int(number)}
            for name, badge, state, number in award_rows
        ],
        "given_up": [
            {"site": name, "badge": badge, "state": state, "number": int(number), "why": why}
            for name, badge, state, number, why in given_up
        ],
        "held": [
            {"site": name, "badge": badge, "number": int(number), "why": why}
            for name, badge, number, why in held
        ],
        "to_be_taken": [{"site": name, **asdict(one)} for name, one in to_go],
        "suspended": [asdict(one) for one in suspended],
        "alerts": [asdict(one) for one in alerts],
        "drift": [
            {"site": name, "kind": kind.value, "number": number}
            for (name, kind), number in sorted(drift.items())
        ],
        "quarantine": stuck(aside),
        "wake_ups": {name: asdict(one) for name, one in wake_ups.items()},
        "guests": {name: asdict(one) for name, one in guests.items()},
        "budget": [asdict(one) | {"percent": one.percent} for one in calls],
        "stuck": standing_still,
        "runs": [asdict(one) for one in runs],
    }
    shown: list[RenderableType] = [
        *(
            [
                Rows(
                    ("site", "a person is asked for", "since", "what to do"),
                    [
                        (
                            one.site,
                            f"{one.kind.value} {one.subject}".strip(),
                            ago(one.raised_at, now),
                            one.text,
                        )
                        for one in alerts
                    ],
                )
            ]
            if alerts
            else []
        ),
        *(
            [
                Rows(
                    ("site", "suspended", "why and what to do"),
                    [
                        (one.site, ago(one.suspended_at, now), suspended_in_words(one))
                        for one in suspended
                    ],
                )
            ]
            if suspended
            else []
        ),
        Rows(("site", "rules"), list(rules.items())),
        Rows(
            ("site", "source", "track", "read in full", "due", "failures", "last error"),
            source_rows,
        ),
        *([table(fresh, now), *audits(fresh)] if fresh else []),
        budget_in_words(calls),
        *(
            [
                Rows(
                    _STUCK,
                    [
                        (one["site"], one["what"], _at(one["since"], now), _short(one["why"]))
                        for one in standing_still
                    ],
                )
            ]
            if standing_still
            else []
        ),
        Rows(("site", "badge", "state", "awards"), award_rows),
        *(
            [Rows(_GIVEN_UP, [(*row[:-1], _short(row[-1])) for row in given_up])]
            if given_up
            else []
        ),
        *([Rows(_WAITS, waiting)] if (waiting := _waiting(held, to_go, now)) else []),
        *(
            [
                Rows(
                    ("site", "drift", "awards"),
                    [(name, kind.value, str(n)) for (name, kind), n in sorted(drift.items())],
                )
            ]
            if drift
            else []
        ),
        Rows(
            ("site", "what", "members to be decided", "next"),
            [
                (
                    name,
                    "wake-ups",
                    f"{one.due} now, {one.waiting} when a source is read so far, {one.later} later",
                    _at(one.next_at, now),
                )
                for name, one in wake_ups.items()
            ],
        ),
        *stuck_in_words(aside),
        *(
            [Rows(("site", "what", "linked to a member", "could be several members'"), of_guests)]
            if (of_guests := _guests(guests))
            else []
        ),
        Rows(("site", "run", "by", "began", "ended"), run_rows),
    ]
    return data, shown


def _at(moment: datetime | None, now: datetime) -> str:
    return ago(moment, now)


def _due(due_at: datetime | None, lease_until: datetime | None, now: datetime) -> str:
    if lease_until and lease_until > now:
        return f"at work (lease ends {ago(lease_until, now)})"
    if due_at is None or due_at <= now:
        return "now"
    return ago(due_at, now)


def _ending(run: Any, now: datetime) -> str:
    if run.ended_at is None:
        return "not ended"
    return f"failed: {_short(run.error)}" if run.error else ago(run.ended_at, now)


def _stuck(
    scans: Iterable[ScanOverview],
    awards: Mapping[str, Mapping[tuple[str, State], int]],
    now: datetime,
) -> list[dict[str, Any]]:
    """What does not go on by itself, or failed when last tried, and why."""
    found = list[dict[str, Any]]()
    for one in scans:
        in_hand = one.lease_until is not None and one.lease_until > now
        late = one.due_at is not None and one.due_at <= now - STUCK_AFTER and not in_hand
        if one.last_error == RESTING or not (late or one.failures):
            continue
        why = one.last_error or _NOBODY_TOOK_IT
        tries = f" ({one.failures} tries failed)" if one.failures else ""
        found.append(
            {
                "site": one.site,
                "what": f"{one.source} {one.track.value}",
                "since": one.due_at if late else one.completed_at,
                "why": f"{why}{tries}",
            }
        )
    for site, states in awards.items():
        for (badge, state), number in sorted(states.items()):
            if state is State.UNKNOWN:
                what = f"{number} of {badge} unknown"
                found.append({"site": site, "what": what, "since": None, "why": _UNKNOWN})
    return found


Reasons = Iterable[tuple[str, State, str, int]]


def _given_up(site: str, reasons: Reasons) -> list[tuple[str, str, str, str, str]]:
    """Why awards of a site are given up, most first; Wix's request ids make no new reason."""
    totals = Counter[tuple[str, str, str]]()
    for badge, state, reason, number in reasons:
        if state is not State.HELD:
            totals[badge, state.value, re.sub(r" \(request id [^)]*\)", "", reason)] += number
    return [
        (site, badge, state, str(number), why)
        for (badge, state, why), number in totals.most_common(MOST_REASONS)
    ]


def _held(awards: SqlAwards, site: str, reasons: Reasons) -> list[tuple[str, str, str, str]]:
    """Why awards of a site are held; for a badge with a limit, on which places they are."""
    rows = []
    for badge, state, reason, number in reasons:
        if state is not State.HELD:
            continue
        why = reason
        if reason.startswith(IN_LINE):
            used, in_line = awards.places(site, badge)
            last = used + in_line
            why = f"{reason}, on place {last - number + 1} to {last}"
        rows.append((site, badge, str(number), why))
    return rows


def _waiting(
    held: Iterable[tuple[str, str, str, str]],
    to_go: Iterable[tuple[str, ToBeTaken]],
    now: datetime,
) -> list[tuple[str, str, str, str, str]]:
    """The rows of what is not to be given now, and of what should go."""
    rows = [(site, badge, "held", number, _short(why)) for site, badge, number, why in held]
    return rows + [
        (site, one.badge, _TO_BE_TAKEN, str(one.number), _short(_when_it_goes(one, now)))
        for site, one in to_go
    ]


def _when_it_goes(one: ToBeTaken, now: datetime) -> str:
    """Why a badge is to be taken, and when, or what it waits for."""
    if one.next_at is None:
        when = "when what comes in its place stands"
    else:
        when = "now" if one.next_at <= now else ago(one.next_at, now)
    in_the_way = f" ({one.reason})" if one.reason not in {"", one.because} else ""
    return f"{one.because}: {when}{in_the_way}"


def _rules(house: House, site: str, applied: str | None) -> str:
    """The rules in force, and how their file stands now."""
    try:
        at = house.at(site)
    except SettingsError as error:
        return f"cannot be used: {error}"
    try:
        version = at.rules_now().version
    except BadgeJobsError as error:
        try:
            old = at.rules().version
        except BadgeJobsError:
            return f"cannot be used: {error}"
        return f"old rules (version {old}) stay in force: {error}"
    if applied not in {None, version}:
        return f"version {version}, about to be taken up (until now: version {applied})"
    return f"version {version}"


def _guests(totals: Mapping[str, LinkTotals]) -> list[tuple[str, str, str, str]]:
    """How the orders of guests stand, of sites that have any that are found or cannot be."""
    return [
        (site, "guests' orders", str(one.linked), str(one.ambiguous))
        for site, one in totals.items()
        if one.linked or one.ambiguous
    ]


def _short(text: str | None) -> str:
    """What fits into a table; the whole stands in the JSON."""
    return textwrap.shorten(text or "", _SHORT, placeholder=" ...")


def _as_json(one: ScanOverview) -> dict[str, Any]:
    """Without its place, and so without Wix's cursor, which is long and tells nobody anything."""
    return {name.name: getattr(one, name.name) for name in fields(one) if name.name != "place"}
