"""A whole list of members who are granted badges by hand, from a CSV file."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.carrying_out import Left, carried_out
from badgejobs.cli.exits import Code
from badgejobs.cli.opening import opened
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.patience import PatientFinder
from badgejobs.cli.progress import Progress
from badgejobs.cli.site import checked_rules
from badgejobs.cli.triggering import ring_for
from badgejobs.config import Settings
from badgejobs.core.award import State
from badgejobs.core.byhand import Answer, Wish
from badgejobs.core.grant_list import (
    MOST_BYTES,
    GrantList,
    GrantListError,
    Unused,
    read_grants,
)
from badgejobs.flow.byhand import AWARDS_A_BATCH, Pair, Wanted, grant, unknown_badges, would_grant
from badgejobs.flow.matching import Matching, matched
from badgejobs.jobs import duties
from badgejobs.store.acting import acting

_MEMBERS_UNREAD = "members may not be read here, so the ids of the list were not checked"


def grant_list(
    settings: Settings,
    site: str,
    file: Path,
    *,
    badge: str,
    unmatched: Path | None,
    yes: bool,
    who: str,
    note: str,
    later: bool,
    max_seconds: float | None,
    out: Output,
) -> None:
    """Grant all of a list, or only look what that would come to."""
    if unmatched is not None and unmatched.resolve() == file.resolve():
        raise GrantListError(
            "--unmatched would write over the list itself; name another file", file=str(file)
        )
    listed = _read(file, badge)
    left: Left | None = None
    with opened(settings) as house, out.progress() as tell:
        checked_rules(house, site)
        duties.register(house)
        found = _matched(house, site, listed, tell)
        wanted = list(found.wanted.values())
        with acting(actor=who, note=note):
            answers = _answers(house, site, wanted, yes=yes)
        to_do = [pair for pair, one in answers.items() if one.wish is Wish.TO_DO]
        if yes and to_do and not later:
            # so many take long, so that they are waited for as long as it goes on
            patience = _seconds_for(len(to_do)) if max_seconds is None else max_seconds
            left = carried_out(house, site, to_do, tell=tell, max_seconds=patience)
        states = _states(house, site, to_do) if yes else {}
    rung = yes and later and bool(to_do)
    if rung:
        rung = ring_for(settings, [("badgejobs.assign", {"site": site})])
    unused = sorted((*listed.unused, *found.unused), key=lambda one: one.line)
    if unmatched is not None:
        _write(unmatched, listed, unused)
    numbers = _numbers(answers, states, found, unused, granted=yes)
    _report(out, site, numbers, unused, left, granted=yes)
    if not found.ids_checked:
        out.note(f"badgejobs: {_MEMBERS_UNREAD}")
    if yes and later and to_do:
        out.note(f"badgejobs: {'the workers were told' if rung else 'due; the broker is away'}")
    if not yes:
        out.note("badgejobs: nothing was granted yet; add --yes" if to_do else
                 "badgejobs: there is nothing to grant")  # fmt: skip
    raise typer.Exit(_code(numbers, left))


def _read(file: Path, badge: str) -> GrantList:
    try:
        with file.open("rb") as opened_file:
            data = opened_file.read(MOST_BYTES + 1)
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise GrantListError(
            f"cannot be read: {why}; correct its name or permissions", file=str(file)
        ) from error
    return read_grants(data, file=str(file), badge=badge)


def _matched(house: House, site: str, listed: GrantList, tell: Progress) -> Matching:
    named = {one.badge for one in listed.entries}
    with house.store.read() as tx:
        bound = tx.byhand.bound(site)
    can_be = named - unknown_badges(house.at(site).rules(), bound, named)
    number = len(listed.entries)
    return matched(
        site,
        listed.entries,
        can_be,
        PatientFinder(house.at(site).badges, tell),
        house.store,
        heard=lambda done: tell.counted("members looked up", min(done, number), of=number),
    )


def _answers(house: House, site: str, wanted: Sequence[Wanted], *, yes: bool) -> dict[Pair, Answer]:
    """What the grants come to, some in each transaction; those before an error stand."""
    answers = dict[Pair, Answer]()
    rules, quiet_period = house.at(site).rules(), house.timing.quiet_period
    for some in _parts(wanted):
        does = grant if yes else would_grant
        answers |= does(site, some, rules, house.store, quiet_period=quiet_period)
    return answers


def _states(house: House, site: str, pairs: Sequence[Pair]) -> dict[Pair, State]:
    found = dict[Pair, State]()
    for start in range(0, len(pairs), AWARDS_A_BATCH):
        some = pairs[start : start + AWARDS_A_BATCH]
        with house.store.read() as tx:
            known = tx.byhand.known(site, some, lock=False)
        found |= {pair: one.award.state for pair, one in known.items()}
    return found


def _numbers(
    answers: Mapping[Pair, Answer],
    states: Mapping[Pair, State],
    found: Matching,
    unused: Sequence[Unused],
    *,
    granted: bool,
) -> dict[str, int]:
    wishes = Counter(one.wish for one in answers.values())
    given = sum(state is State.ASSIGNED for state in states.values())
    stopped = sum(
        state in {State.BLOCKED, State.PAUSED, State.NEEDS_ATTENTION} for state in states.values()
    )
    done = (
        {"given": given, "could_not_be_given": stopped, "not_yet": len(states) - given - stopped}
        if granted
        else {"to_give": wishes[Wish.TO_DO]}
    )
    return done | {
        "held_by_a_rule_and_kept": wishes[Wish.KEPT],
        "held_already": wishes[Wish.ALREADY],
        "under_way": wishes[Wish.WAIT],
        "badge_gone": wishes[Wish.BADGE_GONE],
        "said_twice": found.repeated,
        "not_used": len(unused),
    }


def _report(
    out: Output,
    site: str,
    numbers: Mapping[str, int],
    unused: Sequence[Unused],
    left: Left | None,
    *,
    granted: bool,
) -> None:
    lines = [{"line": one.line, "why": one.why} for one in unused]
    data = {"site": site, "granted": granted, **numbers, "lines_not_used": lines}
    shown = [Rows(("what", "number"), [(k.replace("_", " "), str(n)) for k, n in numbers.items()])]
    if unused:
        shown.append(Rows(("line", "not used because"), [(str(o.line), o.why) for o in unused]))
    out.result(data | {"error": left.why if left else None}, *shown)
    if left:
        out.note(f"badgejobs: not all yet ({left.why}): the workers go on, or `badgejobs assign "
                 f"{site} --foreground`")  # fmt: skip
    if numbers.get("could_not_be_given"):
        out.note("badgejobs: Wix refused some; `badgejobs status` says why, and `badgejobs retry` "
                 "tries them again")  # fmt: skip


def _code(numbers: Mapping[str, int], left: Left | None) -> Code:
    if left and left.code is not Code.PARTIAL:
        return left.code
    undone = ("could_not_be_given", "not_yet", "under_way", "badge_gone", "not_used")
    return Code.PARTIAL if left or any(numbers.get(name) for name in undone) else Code.OK


def _seconds_for(number: int) -> float:
    """Long enough for so many by the pace of a site, and for one lost answer."""
    return 300.0 + number * 0.1


def _write(file: Path, listed: GrantList, unused: Sequence[Unused]) -> None:
    """The lines that could not be used as they stand in the list, and why; for our eyes only."""
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8", newline="") as written:
            writer = csv.writer(written, delimiter=listed.delimiter)
            writer.writerow((*listed.header, "line", "why"))
            width = len(listed.header)
            for one in unused:
                padded = (*one.cells, *("" for _ in range(width - len(one.cells))))
                writer.writerow((*padded, one.line, one.why))
    except OSError as error:
        raise GrantListError(
            f"cannot be written: {error.strerror or 'unknown'}; name a file in a folder of yours",
            file=str(file),
        ) from error


def _parts(wanted: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    for start in range(0, len(wanted), AWARDS_A_BATCH):
        yield wanted[start : start + AWARDS_A_BATCH]
