"""What it costs to give badges exactly once, beside the flow that only asks and gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from badgejobs.cli.assignbench import literal
from badgejobs.cli.assignbench.shop import Shop, Spent, shop
from badgejobs.cli.logs import set_up_logs
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.progress import Progress
from badgejobs.cli.scanbench.serving import Served, serving
from badgejobs.core.award import State
from badgejobs.errors import StateError
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import seeds
from badgejobs.sandbox.settings import DuplicateMode
from badgejobs.wix import wire

#: Calls: an award of a backfill, one that arrives live, and a round with nothing to do.
BOUNDS = {"calls_an_award": 0.03, "calls_live": 2, "calls_idle": 0, "duplicates": 0}
#: Where answers are lost, queries see an assignment so long after it was made.
_LAG_SECONDS = 2.0
#: So that several calls of ours meet the faults, they hold no more awards then, and wait as
#: long as a sandbox that is so much behind demands.
_ASSIGN_UNDER_FAULTS = {
    "batch": 10,
    "batch_after_failure": 5,
    "request_deadline_seconds": 3,
    "late_apply_seconds": 1,
    "quiet_period_seconds": 6,
    "read_gap_seconds": 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """Our stage and the literal flow under the same faults."""

    lost: int
    literal_lost: int
    duplicates: int
    literal_duplicates: int
    missing: int
    literal_missing: int


def measure_assign(
    *,
    awards: Annotated[int, typer.Option(min=1, help="Of one badge, all due at once.")] = 10_000,
    by_literal: Annotated[
        int, typer.Option("--literal", min=1, help="Given by the literal flow, at most.")
    ] = 1_000,
    faulty: Annotated[
        int, typer.Option(min=10, help="Given by each of both while answers are lost.")
    ] = 300,
    share: Annotated[
        float, typer.Option(min=0.01, max=0.5, help="Of creates whose answer is lost.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Another seed loses other answers.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Calls, time and duplicates of giving badges, beside a flow that asks, then gives.

    The sandbox is a process of its own and counts the calls. Our side is the whole stage of a
    worker over a real database, without the pace; the literal flow asks Wix per award, creates,
    and tries again what failed, over the same client. In the second half a share of answers is
    lost after the badge was given, queries lag, and a second create makes a second badge.

    Example: badgejobs bench assign --awards 2000 --faulty 100
    """
    out = Output(as_json=as_json)
    number = min(by_literal, awards)
    set_up_logs(level="ERROR", form="console")  # the answers that get lost are told in the table
    with out.progress() as tell:
        with serving(seeds.EMPTY) as served, shop(served, seed=seed) as site:
            ours, live, idle = _ours(site, awards, tell)
        theirs = _literal(number, seed, tell)
        beside = _under_faults(faulty, share, seed, tell)
    out.result(
        _told(ours, live, idle, theirs, beside, awards=awards, number=number)
        | {"faulty": faulty, "share": share, "seed": seed, "bounds": BOUNDS},
        Rows(("figure", "badgejobs", "literal", "bound"), _rows(ours, live, idle, theirs, beside,
             awards=awards, number=number)),
    )  # fmt: skip
    out.note(
        f"the literal flow gave {number:,} awards, and {faulty:,} under faults; figures of it are "
        "an award's. Times hold for this run only"
    )


def _ours(site: Shop, awards: int, tell: Progress) -> tuple[Spent, Spent, Spent]:
    """A backfill's awards, one that arrives live, and nothing."""
    tell(f"opening {awards:,} awards")
    site.buy(site.join(awards))
    site.set_up(awards)
    tell("giving them")
    ours = site.spent(
        lambda: site.give(
            until=awards, heard=lambda done: tell.counted("awards given", done, of=awards)
        )
    )
    (late,) = site.join(1)
    site.buy([late])
    site.decide(late)
    live = site.spent(lambda: site.give(until=awards + 1))
    return ours, live, site.spent(site.idle)


def _literal(number: int, seed: int, tell: Progress) -> Spent:
    """The literal flow at a sandbox of its own, where as little stands as when ours began."""
    tell(f"giving {number:,} by asking, then giving")
    with serving(seeds.EMPTY) as served, shop(served, seed=seed) as site:
        members = site.join(number)
        site.set_up(0)
        badge_id = site.badge_id()
        return site.spent(lambda: literal.give(site.client, badge_id, members))


def _under_faults(number: int, share: float, seed: int, tell: Progress) -> _Beside:
    """Both with a share of answers lost after the write, queries that lag, and second rows."""
    tell(f"giving {number:,} by each while {share:.0%} of answers are lost")
    with (
        serving(seeds.EMPTY, lag_seconds=_LAG_SECONDS, duplicates=DuplicateMode.SECOND_ROW) as one,
        shop(one, seed=seed, assign=_ASSIGN_UNDER_FAULTS) as site,
    ):
        members, others = site.join(number), site.join(number)
        site.buy(members)
        site.set_up(number)
        badge_id = site.badge_id()
        _lose_answers(one, share, seed)
        site.give(until=number)
        lost = _answers_lost(one)
        literal.give(site.client, badge_id, others)
        literal_lost = _answers_lost(one) - lost
        rows = Counter(
            row["memberId"]
            for row in one.remote.state(builtin.instance_id(1))["badgeAssignments"]
            if row["badgeId"] == badge_id
        )
        given = site.standing(State.ASSIGNED)
    if given != number:
        raise StateError(f"the ledger knows of {given:,} badges given, not of {number:,}")
    return _Beside(
        lost=lost,
        literal_lost=literal_lost,
        duplicates=sum(rows[member] > 1 for member in members),
        literal_duplicates=sum(rows[member] > 1 for member in others),
        missing=sum(not rows[member] for member in members),
        literal_missing=sum(not rows[member] for member in others),
    )


def _lose_answers(served: Served, share: float, seed: int) -> None:
    """From now on a share of creates has its effect and no answer."""
    served.remote.faults(
        [
            {
                "path": path,
                "method": "POST",
                "kind": "reset-after-write",
                "probability": share,
                "seed": seed,
                "forever": True,
            }
            for path in (wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE)
        ]
    )


def _answers_lost(served: Served) -> int:
    return sum(one["fault"] is not None for one in served.remote.log())


def _told(
    ours: Spent,
    live: Spent,
    idle: Spent,
    theirs: Spent,
    beside: _Beside,
    *,
    awards: int,
    number: int,
) -> dict[str, Any]:
    return {
        "awards": awards,
        "ours": {
            "calls": ours.made,
            "calls_by_path": ours.calls,
            "calls_an_award": round(ours.made / awards, 4),
            "awards_a_second": round(awards / ours.seconds, 1),
            "cpu_share": round(ours.cpu_share, 2),
            "calls_live": live.made,
            "calls_idle": idle.made,
        },
        "literal": {
            "awards": number,
            "calls": theirs.made,
            "calls_an_award": round(theirs.made / number, 4),
            "awards_a_second": round(number / theirs.seconds, 1),
            "cpu_share": round(theirs.cpu_share, 2),
        },
        "literal_to_ours": {
            "calls_an_award": round(_calls_ratio(ours, theirs, awards, number), 1),
            "seconds_an_award": round(_time_ratio(ours, theirs, awards, number), 1),
        },
        "under_faults": {
            "answers_lost": beside.lost,
            "duplicates": beside.duplicates,
            "missing": beside.missing,
            "literal_answers_lost": beside.literal_lost,
            "literal_duplicates": beside.literal_duplicates,
            "literal_missing": beside.literal_missing,
        },
    }


def _rows(
    ours: Spent,
    live: Spent,
    idle: Spent,
    theirs: Spent,
    beside: _Beside,
    *,
    awards: int,
    number: int,
) -> list[tuple[str, ...]]:
    share = ours.made / awards
    calls = _calls_ratio(ours, theirs, awards, number)
    seconds = _time_ratio(ours, theirs, awards, number)
    return [
        ("calls an award", f"{share:.4f}", f"{theirs.made / number:.4f}",
         _bound("calls_an_award", share)),
        ("calls, as 1 : n", "1", f"{calls:,.1f}", ""),
        ("calls for one award that arrives live", str(live.made), "",
         _bound("calls_live", live.made)),
        ("calls while there is nothing to do", str(idle.made), "",
         _bound("calls_idle", idle.made)),
        ("awards/s", f"{awards / ours.seconds:,.0f}", f"{number / theirs.seconds:,.0f}", ""),
        ("time an award, as 1 : n", "1", f"{seconds:,.1f}", ""),
        ("share of the time at work, not waiting", f"{ours.cpu_share:.0%}",
         f"{theirs.cpu_share:.0%}", ""),
        ("answers lost, of calls", str(beside.lost), str(beside.literal_lost), ""),
        ("members who have the badge twice", str(beside.duplicates),
         str(beside.literal_duplicates), _bound("duplicates", beside.duplicates)),
        ("members without it", str(beside.missing), str(beside.literal_missing), ""),
    ]  # fmt: skip


def _calls_ratio(ours: Spent, theirs: Spent, awards: int, number: int) -> float:
    return (theirs.made / number) / (ours.made / awards)


def _time_ratio(ours: Spent, theirs: Spent, awards: int, number: int) -> float:
    return (theirs.seconds / number) / (ours.seconds / awards)


def _bound(name: str, value: float) -> str:
    return f"{BOUNDS[name]:g} at most: {'reached' if value <= BOUNDS[name] else 'missed'}"
