"""A plan carried out: held against now, taken up, brought to Wix, and told row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.bootstrap.told import FromFile
from badgejobs.cli.byhand import actor
from badgejobs.cli.calling import as_called
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.foreground import Done, Duty, Foreground
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.plan_file import PlanFile, begin, is_begun, read_plan, replaced, text_digest
from badgejobs.cli.planning import rules_by_text, shared_by, sharing
from badgejobs.cli.progress import Progress
from badgejobs.cli.site import checked_rules
from badgejobs.cli.triggering import ring_for
from badgejobs.config import Settings
from badgejobs.core.allowance import Kind as Allowed
from badgejobs.core.award import Award
from badgejobs.core.milestone import Ruleset
from badgejobs.core.plan import COLUMNS, Kind, Moved, PlanRow, came_true, is_gone
from badgejobs.errors import Refused
from badgejobs.flow.byhand import YES_REMOVES_ACCESS
from badgejobs.flow.planning import awards_of, moved_since
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import BY_HAND

#: What is declared passes the cap and the guard for so long.
_HOLDS = timedelta(days=1)
#: Rows that came out otherwise and are named on a terminal; ``--json`` names all.
_NAMED = 20

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """What came of each row that a plan does."""

    done: Counter[tuple[str, str]]
    planned: Counter[tuple[str, str]]
    #: Those that came out otherwise, or not yet, with what became of the award.
    otherwise: list[tuple[PlanRow, str]]
    #: Badges that are to go and have not gone, as far as the guard counts them.
    to_go: int


def apply_plan(
    file: Path,
    *,
    removes_access: bool,
    name: str | None,
    background: bool,
    max_seconds: float | None,
    out: Output,
) -> Code:
    """Do what the plan of a file says; the exit code."""
    settings, plan = settled(), read_plan(file)
    at, who = known_site(settings, plan.head.site), actor(name)
    done: Done | None = None
    with opened(settings) as house, out.progress() as tell:
        checked_rules(house, at)
        duties.register(house)
        rules = _rules_of(plan, house)
        begun = _is_under_way(plan, house)
        ended = _ended(plan, house)
        if begun and not ended.otherwise and not ended.to_go:
            _report(out, plan, ended, None)
            out.note("badgejobs: all of this plan was done before; nothing was done now")
            return Code.OK
        if not begun:
            moved = moved_since(
                plan.rows, at, rules, house.store, beside=plan.head.version != plan.head.in_force,
                heard=lambda number: tell.counted("members looked at", number),
            )  # fmt: skip
            if moved:
                return _refused(out, plan, moved)
        if plan.totals.guarded and not removes_access:
            raise Refused(
                f"the plan takes {plan.totals.guarded} badges away, with which pages at Wix may "
                f"close to their members: add {YES_REMOVES_ACCESS}; nothing was done"
            )
        if not begun:
            # first, since where it cannot be written nothing is to be done; it holds for rules
            # that are taken up only
            with house.store.read() as tx:
                begin(plan, tx.now)
        kept = _install(plan, house)
        if kept:
            out.note(f"badgejobs: the rules file is replaced; the earlier one is kept as {kept}")
        declared = _declare(plan, house, ended, who=who)
        if not background:
            done = _work(plan, house, tell, max_seconds=max_seconds)
            ended = _ended(plan, house)
            _take_back(plan, house, ended, declared)
    if background:
        return _left_to_workers(settings, out, plan)
    return _report(out, plan, ended, done)


def _rules_of(plan: PlanFile, house: House) -> Ruleset:
    """The rules that were planned; ``Refused`` where others count by now."""
    head = plan.head
    own = house.at(head.site).rules_now()
    with house.store.read() as tx:
        in_force = tx.bindings.applied(head.site)[0]
    if own.version != head.version and not _is_replaced(plan, own):
        raise _stale(f"the rules of {head.site} were changed since: they are version "
                     f"{own.version} now, which is neither the planned one nor what they were"
                     )  # fmt: skip
    if in_force not in {head.in_force, head.version}:
        raise _stale(f"other rules were taken up since: version {in_force}, and it was "
                     f"{head.in_force}")  # fmt: skip
    if not _is_replaced(plan, own):
        return own
    if others := sharing(house, head.site):
        raise Refused(f"nothing was done: {shared_by(head.site, others)}")
    rules = rules_by_text(house, head.site, head.text, str(plan.path))
    if rules.version != head.version:
        raise _stale("what its rules mean has changed since, with badgejobs or with the site's "
                     "time zone or currency")  # fmt: skip
    return rules


def _is_replaced(plan: PlanFile, own: Ruleset) -> bool:
    """Whether the planned text is to take the place of the site's own rules, and did not yet.

    The text and not the version: one version may state what the other leaves unsaid.
    """
    head = plan.head
    return head.replaces and own.text != head.text and text_digest(own.text) == head.own_text


def _is_under_way(plan: PlanFile, house: House) -> bool:
    """Whether the plan was begun: until its rules are decided by, nothing of it was done."""
    with house.store.read() as tx:
        is_taken_up = tx.bindings.applied(plan.head.site)[0] == plan.head.version
        return is_taken_up and is_begun(plan, tx.now)


def _stale(why: str) -> Refused:
    return Refused(f"the plan is stale, and nothing was done: {why}; plan anew")


def _refused(out: Output, plan: PlanFile, moved: list[Moved]) -> Code:
    data = {"site": plan.head.site, "applied": False, "moved": [asdict(one) for one in moved]}
    rows = [(one.badge, one.was, one.now, str(one.members), ", ".join(one.named)) for one in moved]
    out.result(data, Rows(("badge", "planned", "now", "members", "first of them"), rows))
    number = sum(one.members for one in moved)
    out.note(f"badgejobs: the plan is stale: {number} rows are otherwise since "
             f"{plan.head.made_at:%Y-%m-%d %H:%M} UTC; nothing was done; plan anew")  # fmt: skip
    return Code.FAILURE


def _install(plan: PlanFile, house: House) -> Path | None:
    """Put the planned rules in the place of the site's own; where the earlier ones are kept."""
    head = plan.head
    own = house.at(head.site).rules_now()
    if not _is_replaced(plan, own):
        if own.version != head.version:
            raise _stale(f"the rules of {head.site} were changed just now")
        return None
    told = house.told(head.site).rules
    assert isinstance(told, FromFile), "a pack was refused before"
    # the file itself, and not what may point to it
    path = told.path.resolve()
    before, stat = path.read_bytes().decode(), path.stat()
    # the workers may be another user, who must be able to read it afterwards
    mode, owner = stat.st_mode & 0o777, (stat.st_uid, stat.st_gid)
    kept = path.with_name(f"{path.stem}.before-{head.version[:8]}{path.suffix}")
    with replaced(kept, mode=mode, owner=owner) as write:
        write(before)
    with replaced(path, mode=mode, owner=owner) as write:
        write(head.text)
    # a file that was written a moment ago is waited for
    checked_rules(house, head.site)
    if house.at(head.site).rules_now().version != head.version:
        raise Refused(f"{path} was changed by somebody else just now; plan anew")
    return kept


def _declare(plan: PlanFile, house: House, ended: _Ended, *, who: str) -> dict[Allowed, int]:
    """Let what is left of the plan pass the cap and the guard; how much more than did before."""
    site, numbers = plan.head.site, _counted(plan, ended)
    declared = dict[Allowed, int]()
    with house.store.begin() as tx:
        # awards before the allowance, as who claims them does it
        if Allowed.AWARDS in numbers:
            tx.awards.hasten(site, number=numbers[Allowed.AWARDS])
        if numbers[Allowed.REVOCATIONS]:
            tx.removals.hasten(site)
        for kind, number in numbers.items():
            # a call that is made again declares the same number, and not twice as much
            if (more := number - tx.allowances.left(site, kind)) > 0:
                tx.allowances.declare(site, kind, more, holds=_HOLDS, declared_by=who)
                declared[kind] = more
        tx.scans.make_failed_due(site, asked_by=BY_HAND)
        tx.scans.make_due(site, duties.PROVISION, asked_by=BY_HAND)
    return declared


def _take_back(
    plan: PlanFile, house: House, ended: _Ended, declared: Mapping[Allowed, int]
) -> None:
    """Let nothing else pass by what was declared for the plan and was not needed."""
    site, still = plan.head.site, _counted(plan, ended)
    with house.store.begin() as tx:
        for kind, number in declared.items():
            tx.allowances.spend(
                site, kind, min(number, tx.allowances.left(site, kind) - still[kind])
            )


def _counted(plan: PlanFile, ended: _Ended) -> dict[Allowed, int]:
    """What the cap and the guard count of what is left of the plan."""
    left = [row for row, _ in ended.otherwise]
    numbers = {Allowed.REVOCATIONS: ended.to_go}
    if plan.head.in_force is not None:
        # what a site is set up with is declared by that
        numbers[Allowed.AWARDS] = sum(row.kind is Kind.AWARD and row.capped for row in left)
    return numbers


def _work(plan: PlanFile, house: House, tell: Progress, *, max_seconds: float | None) -> Done:
    site = plan.head.site
    here = Foreground(house, site, tell=tell, max_seconds=max_seconds)
    return here.work_off(
        {duties.PROVISION: Duty(lambda: work.run_provision(house, site, by=BY_HAND))},
        assigning=True,
    )


def _left_to_workers(settings: Settings, out: Output, plan: PlanFile) -> Code:
    site = plan.head.site
    rung = ring_for(
        settings, [("badgejobs.provision", {"site": site}), ("badgejobs.assign", {"site": site})]
    )
    out.result(
        {"site": site, "applied": True, "background": True, "rung": rung},
        f"{site}: " + ("the workers were told" if rung else "due at the next tick of a beat"),
    )
    again = as_called("apply", str(plan.path))
    out.note(f"badgejobs: `{again}` once more tells what was done, and does what is left")
    return Code.OK


def _ended(plan: PlanFile, house: House) -> _Ended:
    awards = awards_of(plan.head.site, list(plan.rows), house.store)
    done, number = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    otherwise, to_go = list[tuple[PlanRow, str]](), 0
    for pair, row in sorted(plan.rows.items()):
        key = row.badge, row.column
        number[key] += 1
        to_go += row.goes and row.guarded and not is_gone(awards.get(pair))
        if came_true(row, awards.get(pair)):
            done[key] += 1
        else:
            otherwise.append((row, _became(awards, pair)))
    return _Ended(done=done, planned=number, otherwise=otherwise, to_go=to_go)


def _became(awards: Mapping[Pair, Award], pair: Pair) -> str:
    award = awards.get(pair)
    if award is None:
        return "no award"
    return f"{award.state}: {award.reason}" if award.reason else str(award.state)


def _report(out: Output, plan: PlanFile, ended: _Ended, done: Done | None) -> Code:
    """Planned against done; the exit code."""
    order = sorted(ended.planned, key=lambda key: (key[0], COLUMNS.index(key[1])))
    numbers = [(*key, ended.planned[key], ended.done[key]) for key in order]
    data: dict[str, Any] = {
        "site": plan.head.site,
        "applied": True,
        "version": plan.head.version,
        "complete": not ended.otherwise,
        "rows": [
            {"badge": badge, "kind": kind, "planned": planned, "done": number}
            for badge, kind, planned, number in numbers
        ],
        "otherwise": [
            {"member_id": row.member_id, "badge": row.badge, "planned": row.column, "is": told}
            for row, told in ended.otherwise
        ],
        "work": done.as_json() if done else None,
    }
    rows = [(badge, kind, str(planned), str(n)) for badge, kind, planned, n in numbers]
    shown: list[Rows | str] = [
        Rows(("badge", "what", "planned", "done"), rows)
        if rows
        else "the plan does nothing: all of it stands already"
    ]
    if ended.otherwise:
        named = [
            (row.member_id, row.badge, row.column, told) for row, told in ended.otherwise[:_NAMED]
        ]
        shown += ["", Rows(("member", "badge", "planned", "is"), named)]
    out.result(data, *shown)
    if len(ended.otherwise) > _NAMED:
        out.note(f"badgejobs: {len(ended.otherwise) - _NAMED} more came out otherwise; --json "
                 "names them all")  # fmt: skip
    if done and done.blocked_by:
        out.note(f"badgejobs: {done.blocked_by}")
        return code_of(done.blocked_by)
    if done and done.left and ended.otherwise:
        out.note(f"badgejobs: left for the next call: {done.left}")
    return Code.PARTIAL if ended.otherwise else Code.OK
