"""The ledger held against Wix, by hand; and where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.byhand import As, actor
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.foreground import BY, Duty, Foreground
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.cli.site import MaxSeconds
from badgejobs.cli.triggering import Background, Bell, Wait, trigger
from badgejobs.core.drift import Kind
from badgejobs.errors import BadgeJobsError, SettingsError
from badgejobs.flow.reconcile import Reconciled
from badgejobs.flow.reconcile import reconcile as compare
from badgejobs.jobs import duties
from badgejobs.jobs.reconciling import caution_of, run_reconcile
from badgejobs.jobs.units import Outcome
from badgejobs.store import acting

#: What each number says, in the order in which they are shown.
WORDS = {
    "agreed": "agree",
    "missing": "missing at Wix, not concluded yet",
    "taken": "taken by a person",
    "overridden": "taken by a person before",
    "member_gone": "the member is gone",
    "badge_gone": "the badge is gone",
    "extra": "given by a person",
    "found": "given by us, the answer was lost",
    "returned": "there again",
    "duplicate": "more than once at Wix",
    "repaired": "surplus taken away",
    "lingering": "taken away, still there",
    "left": "under way, for the next time",
}
#: What can be done about each kind of difference.
CURES = {
    Kind.MISSING: "nothing: the next reading settles it",
    Kind.TAKEN: "badgejobs clear-override lets the rules give it again",
    Kind.EXTRA: "nothing: it stays; badgejobs revoke takes it",
    Kind.DUPLICATE: "take the surplus away in the dashboard, or set assign.repair_duplicates",
    Kind.LINGERING: "nothing: it is taken away once more",
}

#: In a dry run a request may wait for its slot: nothing is kept of a reading that is cut off.
PATIENCE_SECONDS = 120.0

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SiteName = Annotated[str | None, typer.Argument(help="Default: the only site.", show_default=False)]


class Which(StrEnum):
    """A kind of difference as it is written on the command line."""

    MISSING = "missing"
    TAKEN = "taken"
    EXTRA = "extra"
    DUPLICATE = "duplicate"
    LINGERING = "lingering"


def reconcile(
    site: SiteName = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be done; write nothing.")
    ] = False,
    accepted: Annotated[
        bool,
        typer.Option(
            "--yes-they-were-taken",
            help="Believe this reading, though it shows suspiciously little.",
        ),
    ] = False,
    who: As = None,
    background: Background = False,
    wait: Wait = False,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Read every badge that stands at Wix, and hold the ledger against it.

    What a person gave is kept, and what a person took is not given again; nothing follows from a
    single reading that does not find a badge.

    Example: badgejobs reconcile my-shop --dry-run
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    if background or wait:
        if dry_run or accepted:
            raise SettingsError(
                "--dry-run and --yes-they-were-taken are for the reading that you see; leave out "
                "--background and --wait"
            )
        bells: list[Bell] = [("badgejobs.reconcile", {"site": name})]
        what, data = f"comparing {name} with Wix", {"site": name}
        trigger(settings, out, bells, what=what, data=data, wait=wait, max_seconds=max_seconds)
        return
    note = f"accepted by {actor(who)}" if accepted else None
    error: BadgeJobsError | None
    with opened(settings) as house, out.progress() as tell:
        if dry_run:
            house.patience_seconds = PATIENCE_SECONDS
            done = _tried(house, name, accepted=accepted)
            error, left = done.error, None
        else:
            duties.register(house)
            heard, slices = list[Reconciled](), list[int]()
            here = Foreground(house, name, tell=tell, max_seconds=max_seconds)

            def unit() -> Outcome:
                # who asks now is told how it stands now, not what a worker saw an hour ago
                anew, before = not slices, sum(slices)
                outcome = run_reconcile(
                    house,
                    name,
                    by=BY,
                    accepted=accepted,
                    anew=anew,
                    heard=heard.append,
                    reads=lambda read: tell.counted("assignments read", before + read),
                )
                slices.append(outcome.numbers.get("read", 0))
                return outcome

            with acting(note=note):
                ended = here.work_off({duties.RECONCILE: Duty(unit)})
            done = heard[-1] if heard else Reconciled()
            error, left = ended.blocked_by, ended.left
    told = {"site": name, "dry_run": dry_run, "numbers": done.numbers, "badges": done.by_badge}
    why = str(error) if error else left
    out.result(told | {"error": why}, _numbers(done.numbers), _badges(done.by_badge))
    if dry_run:
        out.note("badgejobs: nothing was written; without --dry-run this is done")
    if why:
        out.note(f"badgejobs: {why}")
    if error:
        raise typer.Exit(code_of(error))
    raise typer.Exit(Code.PARTIAL if left else Code.OK)


def drift(
    site: SiteName = None,
    *,
    kind: Annotated[Which | None, typer.Option(help="Default: all kinds.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Show where Wix and the ledger differed when Wix was read last.

    Example: badgejobs drift my-shop --kind taken
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    wanted = Kind[kind.name] if kind else None
    with opened(settings) as house, house.store.read() as tx:
        now = tx.now
        found = tx.drifts.of(name, limit=limit, kind=wanted)
        numbers = {
            one.value: number for (_, one), number in sorted(tx.drifts.numbers([name]).items())
        }
        was_read = any(
            one.source == duties.RECONCILE and one.completed_at for one in tx.scans.overview(name)
        )
    rows = [
        (one.member_id, one.badge, one.kind.value, str(one.at_wix),
         ago(one.first_seen_at, now), one.note, CURES[one.kind])
        for one in found
    ]  # fmt: skip
    data = [asdict(one) | {"kind": one.kind.value, "cure": CURES[one.kind]} for one in found]
    columns = ("member", "badge", "how", "at Wix", "first seen", "note", "cure")
    out.result({"site": name, "numbers": numbers, "drift": data}, Rows(columns, rows))
    if not was_read:
        out.note(f"badgejobs: Wix was never read to its end yet: `badgejobs reconcile {name}` does")
    elif not numbers:
        out.note("badgejobs: Wix and the ledger agreed when Wix was read last")
    elif not found:
        out.note("badgejobs: none of this kind; without --kind all are shown")
    elif len(found) == limit:
        out.note(f"badgejobs: only the first {limit} are shown; --limit shows more")


def _tried(house: House, site: str, *, accepted: bool) -> Reconciled:
    """The same comparison, with nothing written, not even that it ran."""
    at = house.at(site)
    at.require_own()
    return compare(
        site,
        at.reading,
        at.reading,
        house.store,
        timing=house.timing,
        caution=caution_of(house),
        accepted=accepted,
        dry_run=True,
    )


def _numbers(numbers: Mapping[str, int]) -> Rows:
    return Rows(("what", "awards"), [(WORDS[one], str(numbers[one])) for one in WORDS])


def _badges(by_badge: Mapping[str, Mapping[str, int]]) -> Rows:
    rows = [
        (badge, WORDS[name], str(numbers[name]))
        for badge, numbers in by_badge.items()
        for name in WORDS
        if numbers.get(name)
    ]
    return Rows(("badge", "what", "awards"), rows)
