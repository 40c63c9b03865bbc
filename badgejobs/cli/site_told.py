"""A site as a command or a line of a file tells of it: checked, and made fit to be stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from badgejobs.bootstrap.directory import place_of_site
from badgejobs.config import Settings, checks
from badgejobs.config.single import checked_value
from badgejobs.errors import SettingsError
from badgejobs.store import SqlTransaction
from badgejobs.store.sites import SiteRow, twins
from badgejobs.vault.sealing import CannotOpen, Vault
from badgejobs.wix import wire

Value = TypeVar("Value")

_MOST_BYTES = 256 * 1024


class Wrong(SettingsError):
    """One field that cannot be as it is told."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the fields of a site are held against."""

    apps: Collection[str]
    packs: Collection[str]
    #: Names of the configuration file.
    configured: Collection[str]
    #: The names of all sites by instance id or site id, those of the file too.
    at_wix: Mapping[str, str]
    #: What each name was bound to by what is recorded under it.
    bound: Mapping[str, str]

    @classmethod
    def read(cls, tx: SqlTransaction, settings: Settings) -> Around:
        """As it is now."""
        in_file = {
            (one.instance_id or one.site_id or "").lower(): name
            for name, one in settings.sites.items()
        }
        return cls(
            apps=[one.name for one in tx.sites.apps()],
            packs=tx.sites.packs(),
            configured=settings.sites.keys(),
            at_wix=tx.sites.at_wix() | in_file,
            bound=tx.bindings.sites(),
        )


def checked(row: SiteRow, around: Around, *, at_wix: str, rebind: bool = False) -> SiteRow:
    """The row as it is stored; :class:`Wrong` names the first field that cannot be so.

    ``at_wix`` is what the site is called in the record of what its name stands for, and
    ``rebind`` says that it may be another than before.
    """
    row, wrong = looked_at(row, around, at_wix=at_wix, rebind=rebind)
    if wrong:
        raise wrong[0]
    return row


def looked_at(
    row: SiteRow, around: Around, *, at_wix: str, rebind: bool = False
) -> tuple[SiteRow, list[Wrong]]:
    """The row as it is stored, and each field that cannot be so; at most one word on a field."""
    wrong = list[Wrong]()

    def kept(name: str, check: Callable[[Value], Value], value: Value) -> Value:
        try:
            return _field(name, check, value)
        except Wrong as error:
            wrong.append(error)
            return value

    def lowered(name: str, value: str | None) -> str | None:
        return None if value is None else kept(name, checks.wix_id, value).lower()

    apps = row.comment_apps
    row = replace(
        row,
        name=kept("name", checks.site_name, row.name),
        instance_id=lowered("instance", row.instance_id),
        site_id=lowered("site_id", row.site_id),
        comment_apps=kept("comment_apps", checks.comment_apps, apps) if apps else (),
    )
    for one in _complaints(row, around, at_wix=at_wix, rebind=rebind):
        if one.field not in {before.field for before in wrong}:
            wrong.append(one)
    return row, wrong


def _complaints(row: SiteRow, around: Around, *, at_wix: str, rebind: bool) -> Iterator[Wrong]:
    yield from _ways_in(row)
    if row.app is not None and row.app not in around.apps:
        yield Wrong("app", _unknown("app", row.app, around.apps, "badgejobs apps add"))
    if row.pack not in around.packs:
        yield Wrong("pack", _unknown("pack", row.pack, around.packs, "badgejobs packs put"))
    yield from _pace(row.requests_per_minute)
    if row.name in around.configured:
        yield Wrong("name", f"{row.name} stands in the configuration file, which counts")
    where = row.instance_id or row.site_id or ""
    if (other := around.at_wix.get(where, row.name)) != row.name:
        field = "instance" if row.instance_id else "site_id"
        yield Wrong(field, twins(where, row.name, other))
    if not rebind and around.bound.get(row.name, at_wix) != at_wix:
        yield Wrong(
            "name",
            f"what is recorded under {row.name!r} is of another site "
            f"({around.bound[row.name]}); give this one a name of its own, or, if it is the same "
            f"site, `badgejobs sites change {row.name} --same-site`",
        )


def told_overrides(path: Path | None) -> str:
    """The text of a file of overrides; empty without one."""
    if path is None:
        return ""
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise Wrong("overrides", f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Wrong("overrides", f"{path} is not UTF-8; save it as UTF-8") from None
    if len(content) > _MOST_BYTES:
        raise Wrong("overrides", f"{path} is larger than {_MOST_BYTES // 1024} KiB")
    return text


def sealed_key(vault: Vault, row: SiteRow, key: str, *, stands: SiteRow | None) -> SiteRow:
    """The row with this API key; one that stands already is left as it is sealed."""
    place = place_of_site(row)
    if stands and stands.secret:
        try:
            if vault.open(stands.secret, place=place) == key:
                return replace(row, secret=stands.secret)
        except CannotOpen:
            pass  # it is given anew just now
    return replace(row, secret=vault.seal(key, place=place))


def _ways_in(row: SiteRow) -> Iterator[Wrong]:
    if row.site_id is not None:
        if row.app is not None or row.instance_id is not None:
            yield Wrong(
                "site_id", "stands beside an app; say app and instance, or a site id, not both"
            )
        return
    if row.app is None and row.instance_id is None:
        yield Wrong("app", "is missing; say app and instance, or a site id with an API key")
    elif row.app is None:
        yield Wrong("app", "is missing; say which app of ours the instance is of")
    elif row.instance_id is None:
        yield Wrong("instance", "is missing; say which installation of the app the site has")


def _pace(number: int | None) -> Iterator[Wrong]:
    if number is not None and not 1 <= number <= wire.REQUESTS_PER_MINUTE:
        yield Wrong(
            "requests_per_minute", f"must be from 1 to {wire.REQUESTS_PER_MINUTE}, as Wix allows"
        )


def _unknown(kind: str, name: str, known: Collection[str], cure: str) -> str:
    if not known:
        return f"there is no {kind} yet; `{cure}` brings one in"
    return f"there is no {kind} {name!r}; {checks.did_you_mean(name, known)}"


def _field(field: str, check: Callable[[Value], Value], value: Value) -> Value:
    try:
        return checked_value(check, value)
    except SettingsError as error:
        raise Wrong(field, str(error)) from None
