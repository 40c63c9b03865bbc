"""The work of a site, by hand: in the foreground, or by ringing for the workers."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.exits import Code, code_of
from badgejobs.cli.foreground import Done, Foreground
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.site_resources import named_resources
from badgejobs.cli.triggering import Bell, Wait, trigger
from badgejobs.errors import Later, SettingsError
from badgejobs.jobs import duties, work
from badgejobs.jobs import standing as site_standing
from badgejobs.jobs.notifying import notify_now
from badgejobs.jobs.units import BY_HAND

_MEMBER_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

#: A rules file that is written again and again is waited for so often.
_MOST_LOOKS = 5

SiteName = Annotated[str | None, typer.Argument(help="Default: the only site.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Here = Annotated[bool, typer.Option("--foreground", help="Do it here, without a worker.")]
MaxSeconds = Annotated[
    float | None, typer.Option(min=0, help="Leave the rest for the next call after so long.")
]


def sync(site: SiteName = None, *, as_json: AsJson = False, max_seconds: MaxSeconds = None) -> None:
    """Do all that is due for a site, here, without broker and workers; fit for cron.

    Binds the badges, reads every source once, gives the awards, and waits where Wix asks for it.

    Example: badgejobs sync my-shop --json --max-seconds 300
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house, out.progress() as tell:
        checked_rules(house, name)
        duties.register(house)
        here = Foreground(house, name, tell=tell, max_seconds=max_seconds)
        sources = house.at(name).wanted_sources()
        done = here.sync(sources)
        met = [one for one in house.at(name).wanted_sources() if one not in sources]
        if met and done.left is None and done.blocked_by is None:
            # the first orders of guests are among what was read: now their members are looked for
            duties.register(house)
            done = here.sync(met)
        notify_now(house, name, by=BY_HAND, most=here.time_left())
        work.prune(house)
    report(done, out)


def scan(
    site: SiteName = None,
    source: Annotated[str | None, typer.Argument(help="Default: all.", show_default=False)] = None,
    *,
    resource: Annotated[
        list[str] | None,
        typer.Option(metavar="APP:POST_ID", help="Where comments may have changed; repeatable."),
    ] = None,
    foreground: Here = False,
    wait: Wait = False,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Have a site's sources read now rather than when they are due.

    With --resource the comments of these posts are read, whatever the numbers say.

    Example: badgejobs scan my-shop comments --resource blog:65b8f0c2a1
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house:
        duties.register(house)
        sources = sources_of(house, name, source)
        noted = named_resources(house, name, source, resource or [])
        with house.store.begin() as tx:
            for one in sources:
                if noted:
                    tx.resources.hint(name, one, noted)
                tx.scans.make_due(name, one, asked_by=BY_HAND)
        if foreground:
            checked_rules(house, name)
            with out.progress() as tell:
                here = Foreground(house, name, tell=tell, max_seconds=max_seconds)
                done = here.scan(sources)
            report(done, out)
    trigger(
        settings,
        out,
        [("badgejobs.scan", {"site": name, "source": one}) for one in sources],
        what=f"{', '.join(sources)} of {name}",
        data={"site": name, "sources": sources},
        wait=wait,
        max_seconds=max_seconds,
    )


def assign(
    site: SiteName = None,
    *,
    foreground: Here = False,
    wait: Wait = False,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Have a site's awards brought to Wix now.

    Example: badgejobs assign my-shop --foreground
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house:
        site_standing.by_hand(house, name)
        duties.register(house)
        if foreground:
            checked_rules(house, name)
            with out.progress() as tell:
                here = Foreground(house, name, tell=tell, max_seconds=max_seconds)
                done = here.assign()
            report(done, out)
    trigger(
        settings,
        out,
        [("badgejobs.assign", {"site": name})],
        what=f"awards of {name}",
        data={"site": name},
        wait=wait,
        max_seconds=max_seconds,
    )


def check(
    site: Annotated[str, typer.Argument(help="The site.")],
    member: Annotated[str, typer.Argument(help="The member's id at Wix.")],
    *,
    foreground: Here = False,
    wait: Wait = False,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Have one member decided anew from the recorded facts.

    Example: badgejobs check my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    if not re.fullmatch(_MEMBER_ID, member):
        raise SettingsError(
            "MEMBER is a member's id at Wix, such as 3f2b8c1e-0d3f-4a4e-9f10-...; write it whole, "
            "as `badgejobs members list` shows it"
        )
    with opened(settings) as house:
        site_standing.by_hand(house, name)
        if foreground:
            checked_rules(house, name)
        with house.store.begin() as tx:
            request = tx.requests.add(name, member)
        if foreground:
            done = work.run_check(house, request, by=BY_HAND)
            numbers = done.numbers if done else {}
            told = f"opened {numbers.get('opened', 0)}, withdrew {numbers.get('withdrawn', 0)}"
            told_run = {"run": done.run} if done else {}
            data = {"site": name, "request": request}
            out.result(data | told_run | numbers, f"{name}: {told}")
            return
    trigger(
        settings,
        out,
        [("badgejobs.check_member", {"request": request})],
        what=f"request {request} of {name}",
        data={"site": name, "request": request},
        wait=wait,
        max_seconds=max_seconds,
    )


def retry(site: SiteName = None, *, as_json: AsJson = False) -> None:
    """Try again what was given up: awards that are blocked, paused or need attention.

    Those whose answers were lost are looked for at Wix before anything is sent. What waits for a
    badge that was deleted at Wix waits for `badgejobs provision --recreate`.

    Example: badgejobs retry my-shop
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house:
        site_standing.by_hand(house, name)
        with house.store.begin() as tx:
            revived, gone = tx.awards.revive(name), sorted(tx.bindings.gone(name))
    data = {"site": name, "revived": revived, "badges_gone": gone}
    if revived:
        bells: list[Bell] = [("badgejobs.assign", {"site": name})]
        trigger(settings, out, bells, what=f"{revived} awards of {name}", data=data, wait=False)
    else:
        out.result(data | {"rung": False}, f"nothing of {name} is to be tried again")
    for badge in gone:
        out.note(f"badgejobs: {badge} was deleted at Wix, and its awards wait until it is created "
                 f"anew: badgejobs provision {name} --recreate {badge}")  # fmt: skip


def rebind(
    site: Annotated[str, typer.Argument(help="The site.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="It is the same site; without it, only look.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say that a site whose credentials name it otherwise now is the one it was.

    What was recorded and given under its name stays. Never for another site: its members would
    be taken for those of the first.

    Example: badgejobs rebind my-shop --yes
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house:
        wanted = house.at(name).at_wix
        with house.store.begin() as tx:
            stands = tx.bindings.site(name)
            if yes:
                tx.bindings.bind_site(name, wanted, anew=True)
    data = {"site": name, "was": stands, "is": wanted, "bound": yes or stands == wanted}
    shown = f"{name}: recorded as {stands or 'none yet'}; the settings name {wanted}"
    if not yes and stands not in {None, wanted}:
        shown += "; add --yes if it is the same site"
    out.result(data, shown)


def checked_rules(house: House, site: str) -> None:
    """Rules that cannot be used end it before Wix is asked anything.

    Old ones do not do here: who calls this sees the error, and may mend it. A file that was
    written a moment ago is waited for. So does a site that is suspended, unless Wix takes us again.
    """
    site_standing.by_hand(house, site)
    house.at(site).learn_site_facts()
    for _ in range(_MOST_LOOKS):
        try:
            house.at(site).rules_now()
        except Later as soon:
            time.sleep(soon.seconds)
        else:
            return
    house.at(site).rules_now()


def sources_of(house: House, site: str, source: str | None) -> list[str]:
    """The sources to read: the one that is named, else all that the rules read."""
    checked_rules(house, site)
    wanted = house.at(site).wanted_sources()
    if source is None:
        return wanted
    if source not in wanted:
        known = ", ".join(wanted) or "none"
        raise SettingsError(f"no rule of {site} reads {source!r}; its rules read: {known}")
    return [source]


def report(done: Done, out: Output) -> None:
    """Print what was done and end with the code that tells of it."""
    told = done.as_json()
    rows = [("API calls", str(told["calls"]["total"]))]
    rows += [(f"  {path}", str(number)) for path, number in sorted(done.calls.items())]
    for group in ("activities", "awards"):
        rows += [(f"{group} {name}", str(number)) for name, number in told[group].items()]
    rows.append(("seconds", str(told["seconds"])))
    out.result(told, Rows(("what", "number"), rows))
    if aside := done.scanned["quarantined"]:
        out.note(f"badgejobs: {aside} records could not be understood; they are kept aside and "
                 "count for nothing; `badgejobs quarantine list` says why")  # fmt: skip
    if done.awards["refused"]:
        out.note("badgejobs: Wix refused some awards; `badgejobs status` says why, and `badgejobs "
                 "retry` tries them again")  # fmt: skip
    if done.blocked_by:
        out.note(f"badgejobs: {done.blocked_by}")
        raise typer.Exit(code_of(done.blocked_by))
    if done.left:
        out.note(f"badgejobs: left for the next call: {done.left}")
    raise typer.Exit(Code.PARTIAL if done.is_partial else Code.OK)
