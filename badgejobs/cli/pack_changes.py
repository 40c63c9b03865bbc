"""Another version for the sites of a pack: what it would change is shown, and then it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from badgejobs.bootstrap import House
from badgejobs.cli.applying import shown_by_badge
from badgejobs.cli.exits import Code
from badgejobs.cli.opening import opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.pack_effects import Effects, configured_sites, effects, known_pack
from badgejobs.core.pack import SETTLES_IN, Pack
from badgejobs.errors import SettingsError
from badgejobs.store import SqlTransaction

#: Makes a pack what it would be, if it is as it was seen at that time, with the sites of the
#: configuration file; returns how many sites change their version.
Act = Callable[[SqlTransaction, Pack, frozenset[str], datetime], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that is to be done to a pack."""

    #: The pack as it would be.
    after: Callable[[Pack, datetime], Pack]
    act: Act
    #: The command, as it is to be said again.
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What was said beside the change itself."""

    yes: bool
    #: Whether to look first at what would change.
    look: bool
    #: Whether sites whose overrides do not fit are left behind, under their old rules.
    skip_broken: bool
    as_json: bool


def change(name: str, told: Change, how: How) -> Code:
    """Show what a change of a pack would come to, and with ``yes`` do it; the exit code."""
    if not how.look and not how.yes:
        raise SettingsError(
            "--no-preview says something beside --yes alone; add --yes, or leave it out"
        )
    settings, out = settled(), Output(as_json=how.as_json)
    with opened(settings) as house, out.progress() as tell:
        before = known_pack(house, name)
        with house.store.read() as tx:
            after = told.after(before, tx.now)
            for version in {after.stable, after.canary} - {None}:
                tx.packs.require(name, version or 1)
        found = effects(house, before, after, tell, look=how.look)
        is_held = bool(found.broken_sites) and not how.skip_broken
        done = how.yes and not is_held
        if done:
            with house.store.begin() as tx:
                others = configured_sites(house, name)
                found.sites = told.act(tx, after, others, before.changed_at)
    _print(out, before, after, found, done=done, look=how.look)
    if after.canary not in {None, before.canary} and not (found.sites or found.broken_sites):
        out.note("badgejobs: no site would try it: take a larger share, or name some with --sites")
    return _end(out, house, told, found, done=done, is_held=is_held)


def _print(
    out: Output, before: Pack, after: Pack, found: Effects, *, done: bool, look: bool
) -> None:
    def versions(one: Pack) -> dict[str, object]:
        return {
            "stable": one.stable,
            "canary": one.canary,
            "percent": one.canary_percent,
            "named": sorted(one.canary_sites),
        }

    turned = f"{before.name}: {_in_words(before)} -> {_in_words(after)}"
    out.result(
        {
            "pack": before.name,
            "before": versions(before),
            "after": versions(after),
            "sites": found.sites,
            "sites_with_changes": found.changing if look else None,
            "totals": asdict(found.total) if look else None,
            "badges": {badge: asdict(told) for badge, told in found.by_badge.items()},
            "broken_sites": found.broken_sites,
            "broken": found.broken,
            "done": done,
        },
        f"{turned}; sites that change: {found.sites}",
        *([shown_by_badge(found.by_badge)] if look else []),
    )


def _end(
    out: Output, house: House, told: Change, found: Effects, *, done: bool, is_held: bool
) -> Code:
    for site, error in found.broken.items():
        out.note(f"badgejobs: {site}: {error}")
    if more := found.broken_sites - len(found.broken):
        out.note(f"badgejobs: and {more} more sites")
    if found.broken_sites:
        out.note(f"badgejobs: {found.broken_sites} site(s) cannot go by it: mend the version or "
                 "their overrides; with --skip-broken they stay under their old rules")  # fmt: skip
    if is_held:
        return Code.SETTINGS
    if not done:
        out.note(f"badgejobs: nothing was changed yet; add --yes to {told.command}")
        return Code.OK
    _tell_bounds(out, house, found)
    seconds = SETTLES_IN.total_seconds()
    out.note(f"badgejobs: done; it is in force in {seconds:.0f} s, and the workers bring what "
             "changes to Wix; without workers `badgejobs sync SITE` does")  # fmt: skip
    return Code.OK


def _tell_bounds(out: Output, house: House, found: Effects) -> None:
    cap = house.settings.assign.new_awards_an_hour
    if found.total.awards > cap:
        out.note(f"badgejobs: each site gives {cap} new awards an hour at most; where it holds "
                 "them back, `badgejobs release SITE --awards N` lets them pass")  # fmt: skip
    if found.total.losing:
        out.note(f"badgejobs: {found.total.losing} are to be taken away, and the guard of each "
                 "site counts them; where it holds them back, `badgejobs release SITE "
                 "--revocations N --yes-this-removes-access` lets them pass")  # fmt: skip


def _in_words(one: Pack) -> str:
    """A pack's versions on one line.

    >>> from datetime import UTC
    >>> then = datetime(2026, 1, 1, tzinfo=UTC)
    >>> _in_words(Pack(name="shops", stable=1, canary=2, canary_percent=5, changed_at=then))
    'version 1, and 2 for 5 % of the sites'
    """
    if one.canary is None:
        return f"version {one.stable}"
    named = [f"{len(one.canary_sites)} named"] if one.canary_sites else []
    share = [f"{one.canary_percent} % of the sites"] if one.canary_percent else []
    return f"version {one.stable}, and {one.canary} for {' and '.join(named + share) or 'none'}"
