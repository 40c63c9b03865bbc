"""Checks of single settings; each refusal says the cure and never shows a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from badgejobs.core.pack import NAME, NAMED_LIKE
from badgejobs.wix import wire

_SITE_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9])*")
_LONGEST_SITE_NAME = 63
_SHORTEST_SECRET = 12
_SHORTEST_KEY = 32
#: One key under which secrets are sealed.
SECRETS_KEY = re.compile(r"[0-9a-fA-F]{64}")


def refusal(text: str) -> PydanticCustomError:
    """What a validator raises: a whole sentence with its cure."""
    return PydanticCustomError("setting", "{text}", {"text": text})


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The cure of a misspelt name.

    >>> did_you_mean("blogg", ["blog", "forum"]), did_you_mean("x", ["blog", "forum"])
    ("did you mean 'blog'?", 'known are: blog, forum')
    """
    names = sorted(known)
    near = get_close_matches(word.lower(), names, n=1, cutoff=cutoff)
    near = near or [name for name in names if word and name.startswith(f"{word.lower()}_")]
    return f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(names)}"


def upper(value: Any) -> Any:
    """Log levels are taken in any case."""
    return value.upper() if isinstance(value, str) else value


def lower(value: Any) -> Any:
    """So are names of choices."""
    return value.lower() if isinstance(value, str) else value


def words_of(value: Any) -> Any:
    """A list, which the environment writes with commas."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def wix_id(value: str) -> str:
    """An id at Wix: something, without blanks."""
    if not value:
        raise refusal("is empty; copy it from the Wix dashboard")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", value):
        raise refusal("is not an id of Wix: letters, digits and hyphens only; copy it again")
    return value


def comment_apps(names: tuple[str, ...]) -> tuple[str, ...]:
    """Apps by everyday name or GUID."""
    if not names:
        raise refusal(f"is empty; name an app: {', '.join(sorted(wire.COMMENT_APPS))}")
    for name in names:
        if name not in wire.COMMENT_APPS and not _is_guid(name):
            cure = did_you_mean(name, wire.COMMENT_APPS)
            raise refusal(f"'{name[:40]}' is neither a known app nor a GUID; {cure}")
    ids = [wire.COMMENT_APPS.get(name, name) for name in names]
    if len(set(ids)) < len(ids):
        raise refusal("names one app twice; remove one")
    return names


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def pack_name(name: str) -> str:
    """The name of a pack of rules."""
    if not NAME.fullmatch(name):
        raise refusal(f"'{name[:70]}' is not a pack's name: {NAMED_LIKE}")
    return name


def one_kind_of_rules(rules: object, pack: object, overrides: object) -> None:
    """A file of its own or a pack, and overrides of a pack only."""
    if rules is not None and pack is not None:
        raise refusal("has both rules and pack; keep one of the two")
    if rules is None and pack is None:
        raise refusal(
            'has no rules; write rules = "FILE", or pack = "NAME" of a pack that was put in with '
            "`badgejobs packs put`, or correct the site's name"
        )
    if overrides is not None and pack is None:
        raise refusal(
            "has overrides and no pack; a rules file of its own says everything itself, so write "
            'pack = "NAME" in place of rules, or remove overrides'
        )


def one_way_in(app: Mapping[str, object], key: Mapping[str, object]) -> None:
    """Exactly one complete set of credentials, or a refusal that names what is missing."""
    secrets = {"app_secret": "app_secret_file", "api_key": "api_key_file"}
    has_app = any(value is not None for value in app.values())
    has_key = any(value is not None for value in key.values())
    if has_app and has_key:
        raise refusal(
            f"has both an app ({', '.join(app)}) and an API key ({', '.join(key)}); "
            "keep one of the two"
        )
    if not has_app and not has_key:
        raise refusal(
            "has no credentials; write app_id, app_secret_file and instance_id of your Wix app, "
            "or api_key_file and site_id"
        )
    missing = [name for name, value in (app if has_app else key).items() if value is None]
    if missing:
        cures = " and ".join(secrets.get(name, name) for name in missing)
        raise refusal(f"lacks {' and '.join(missing)}; add {cures}")


def site_names(sites: dict[str, Any]) -> dict[str, Any]:
    """Names that can stand in a variable of the environment."""
    for name in sites:
        site_name(name)
    at_wix = dict[str, str]()
    for name, site in sites.items():
        where = (site.instance_id or site.site_id or name).lower()
        if (other := at_wix.setdefault(where, name)) != name:
            raise refusal(
                f"'{name}' and '{other}' are the same site at Wix ({where}); two would give each "
                "badge twice and share one pace, so keep one of them"
            )
    return sites


def state_dir(path: Path) -> Path:
    """An absolute folder that can stand in the database's URL."""
    path = path.expanduser().absolute()
    if "?" in str(path):
        raise refusal("must not contain '?'; choose another folder")
    return path


def database_url(url: SecretStr) -> SecretStr:
    """SQLite or PostgreSQL."""
    scheme = _scheme(url)
    if scheme == "postgres":
        raise refusal("begins with 'postgres://'; did you mean 'postgresql://'?")
    if scheme.partition("+")[0] not in {"sqlite", "postgresql"}:
        raise refusal(
            "is not the URL of a database known here; write 'postgresql://user@host/name', "
            "or leave it out for SQLite in state_dir"
        )
    return url


def identity_key(key: SecretStr) -> SecretStr:
    """Long enough that nobody finds it by trying."""
    if len(key.get_secret_value()) < _SHORTEST_KEY:
        raise refusal(
            f"is shorter than {_SHORTEST_KEY} characters; make one with `openssl rand -hex 32`, or "
            "leave it out for one that is made in state_dir"
        )
    return key


def secrets_key(keys: SecretStr) -> SecretStr:
    """Keys of 256 bits, in hexadecimal, parted by blanks or lines."""
    if not all(SECRETS_KEY.fullmatch(one) for one in keys.get_secret_value().split()):
        raise refusal(
            "is not of 64 hexadecimal digits a key; make one with `openssl rand -hex 32`, one a "
            "line, the newest first, or leave it out for one that is made in state_dir"
        )
    return keys


def site_name(name: str) -> str:
    """A name that can stand in a variable of the environment."""
    if not _SITE_NAME.fullmatch(name) or len(name) > _LONGEST_SITE_NAME:
        meant = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_SITE_NAME]
        cure = f"; did you mean '{meant}'?" if meant else ""
        raise refusal(
            f"'{name[:70]}' is not a site's name: up to 63 small letters and digits, "
            f"single hyphens between them{cure}"
        )
    return name


def redis_url(url: SecretStr) -> SecretStr:
    """Redis or Valkey, by network or socket."""
    if _scheme(url) not in {"redis", "rediss", "unix"}:
        raise refusal(
            "is not the URL of a Redis; write 'redis://host:6379/0', 'rediss://...' or "
            "'unix:///path', or leave it out for the embedded one"
        )
    return url


def broker_url(url: SecretStr) -> SecretStr:
    """RabbitMQ; whoever wants Redis says so by redis_url, which the pace of sites needs too."""
    scheme = _scheme(url)
    if scheme in {"redis", "rediss", "unix"}:
        raise refusal(
            "is the URL of a Redis; write it as redis_url, which is the broker by default"
        )
    if scheme not in {"amqp", "amqps"}:
        raise refusal(
            "is not the URL of a RabbitMQ; write 'amqp://user:password@host:5672/vhost' or "
            "'amqps://...', or leave it out: then redis_url is the broker"
        )
    return url


def _scheme(url: SecretStr) -> str:
    scheme, found, _ = url.get_secret_value().partition("://")
    return scheme if found or scheme.startswith("sqlite") else ""


def wix_base_url(url: str) -> str:
    """Wix itself, or a Wix that runs on this machine."""
    url = url.rstrip("/")
    if url == wire.BASE_URL:
        return url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    if parts.scheme == "http" and _is_loopback(host):
        plain = f"http://{shown}" + (f":{port}" if port else "")
        if url.lower() == plain:
            return plain
    raise refusal(
        f"must be {wire.BASE_URL}; for a sandbox on this machine write http://127.0.0.1:PORT"
    )


def long_enough(secret: SecretStr) -> SecretStr:
    """What opens something for whoever guesses it."""
    if len(secret.get_secret_value()) < _SHORTEST_SECRET:
        raise refusal(
            f"is shorter than {_SHORTEST_SECRET} letters, which can be guessed; "
            "`openssl rand -base64 18` makes one"
        )
    return secret


def listening_address(host: str) -> str:
    """A number, not a name: what a name means may change, and open more than was meant."""
    try:
        return "127.0.0.1" if host == "localhost" else str(ip_address(host))
    except ValueError:
        raise refusal(
            f"{host[:40]!r} is no IP address to listen on; write 127.0.0.1, or 0.0.0.0 for all "
            "of this machine's"
        ) from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
