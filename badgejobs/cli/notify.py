"""Notifications out: tried, looked at, listed, and sent again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from badgejobs.bootstrap import House
from badgejobs.cli.exits import Code
from badgejobs.cli.opening import known_site, known_sites, opened, settled
from badgejobs.cli.output import Output, Rows, ago
from badgejobs.core.notification import Came, Channel, Event, Notification, Reply
from badgejobs.errors import SettingsError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SiteName = Annotated[str | None, typer.Argument(help="The site.", show_default=False)]

_COLUMNS = (
    "site",
    "channel",
    "what",
    "badge",
    "member",
    "happened",
    "state",
    "tries",
    "last error",
)
_SHOWN = (
    "site", "member_id", "badge", "period", "made_at", "due_at", "tries", "sent_at", "last_error",
)  # fmt: skip

notify = typer.Typer(help="Who is told outside: webhooks and the digest by e-mail.")


@notify.callback()
def _notify() -> None:
    """Who is told outside: webhooks and the digest by e-mail."""


@notify.command("test")
def tried(site: SiteName = None, *, as_json: AsJson = False) -> None:
    """Send a made-up event by each channel of a site now, and say what came back.

    Example: badgejobs notify test my-shop
    """
    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    replies = dict[str, Reply]()
    with opened(settings) as house:
        for channel, messenger in _messengers(house, name).items():
            replies[channel] = messenger.tell([example(name)])
    out.result(
        {
            "site": name,
            "channels": {
                channel: {"ok": one.came is Came.TOLD} | asdict(one) | {"pause": None}
                for channel, one in replies.items()
            },
        },
        Rows(
            ("channel", "state", "what came back"),
            [
                (
                    channel,
                    "ok" if one.came is Came.TOLD else "failed",
                    f"{one.text}: {one.body}" if one.body else one.text,
                )
                for channel, one in replies.items()
            ],
        ),
    )
    if any(one.came is not Came.TOLD for one in replies.values()):
        raise typer.Exit(Code.FAILURE)


@notify.command("preview")
def preview(site: SiteName = None, *, as_json: AsJson = False) -> None:
    """Show what the templates make of a made-up event; nothing is sent.

    Example: badgejobs notify preview my-shop
    """
    from badgejobs.bootstrap.messengers import previewed  # noqa: PLC0415 - the whole house

    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house:
        shown = previewed(house, name, [example(name), example(name, event=Event.TAKEN)])
    out.result({"site": name, **shown}, *(f"--- {what}\n{text}" for what, text in shown.items()))


@notify.command("list")
def listed(
    site: Annotated[str | None, typer.Argument(help="Default: all.", show_default=False)] = None,
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what was given up, or failed and is tried again.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show what was told, waits to be, or could not be, newest first.

    Example: badgejobs notify list my-shop --failed
    """
    settings, out = settled(), Output(as_json=as_json)
    sites = [known_site(settings, site)] if site else known_sites(settings)
    with opened(settings) as house, house.store.read() as tx:
        now, numbers = tx.now, tx.notifications.numbers(sites)
        found = tx.notifications.listed(sites, failed=failed, limit=limit)
    rows = [
        (
            one.site,
            one.channel.value,
            one.event.value,
            one.badge,
            one.member_id,
            ago(one.made_at, now),
            _state(one, now),
            str(one.tries),
            one.last_error,
        )
        for one in found
    ]
    data = {
        "at": now,
        "numbers": [
            {"site": name, "channel": channel, **counted}
            for (name, channel), counted in numbers.items()
        ],
        "notifications": [
            {name: getattr(one, name) for name in _SHOWN}
            | {"id": one.id, "channel": one.channel, "event": one.event, "state": _word(one)}
            for one in found
        ],
    }
    nothing = "nothing failed" if failed else "nothing was to be told yet"
    out.result(data, Rows(_COLUMNS, rows) if rows else nothing)


@notify.command("retry")
def retry(site: SiteName = None, *, as_json: AsJson = False) -> None:
    """Send what was given up or failed again, here and now, and switch channels on again.

    Example: badgejobs notify retry my-shop
    """
    from badgejobs.core.alert import Kind  # noqa: PLC0415 - for this command alone
    from badgejobs.jobs.notifying import notify_now  # noqa: PLC0415 - as above
    from badgejobs.jobs.units import BY_HAND  # noqa: PLC0415 - as above

    settings = settled()
    name, out = known_site(settings, site), Output(as_json=as_json)
    with opened(settings) as house:
        _messengers(house, name)
        with house.store.begin() as tx:
            tx.alerts.clear(name, Kind.CHANNEL_OFF)
            tx.alerts.clear(name, Kind.NOT_TOLD)
            due = tx.notifications.revive(name, with_open=True)
        outcome = notify_now(house, name, by=BY_HAND)
    numbers = dict(outcome.numbers) if outcome else {}
    error = outcome.error if outcome else None
    out.result(
        {"site": name, "again": due, **numbers, "error": error},
        f"{name}: {due} to be sent again; {numbers.get('told', 0)} told now, "
        f"{numbers.get('failed', 0) + numbers.get('given_up', 0)} failed",
    )
    if numbers.get("postponed"):
        out.note("badgejobs: quiet hours are on; they are sent afterwards")
    if error or numbers.get("failed") or numbers.get("given_up"):
        out.note(f"badgejobs: {error or f'`badgejobs notify list {name} --failed` says why'}")
        raise typer.Exit(Code.PARTIAL)


def _messengers(house: House, site: str) -> dict[Channel, Any]:
    from badgejobs.bootstrap.messengers import messengers_of  # noqa: PLC0415 - the whole house

    found = messengers_of(house, site)
    if not found:
        raise SettingsError(
            f"nobody is told of {site}: write webhook_url and webhook_secret_file, or smtp_host, "
            f"mail_from and mail_to, below [notify] or [sites.{site}.notify]"
        )
    return dict(found)


def example(site: str, *, event: Event = Event.GIVEN) -> Notification:
    """What never happened, and looks like what does; a new one each time."""
    now = datetime.now(UTC)
    return Notification(
        row=0,
        site=site,
        member_id="00000000-0000-4000-8000-000000000000",
        badge="example-badge",
        period=1,
        channel=Channel.WEBHOOK,
        event=event,
        made_at=now,
        earned_at=now,
        title="Example <Badge>",
        wix_badge_id="00000000-0000-4000-8000-000000000001",
    )


def _word(one: Notification) -> str:
    if one.sent_at:
        return "told"
    return "given up" if one.is_given_up else "waiting"


def _state(one: Notification, now: datetime) -> str:
    if one.sent_at:
        return f"told {ago(one.sent_at, now)}"
    return "given up" if one.is_given_up else f"to be told {ago(one.due_at, now)}"
