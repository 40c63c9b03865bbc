"""Where every value came from, fit to be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr

_MASK = "***"
_SECRET_WORDS = ("password", "passwd", "secret", "token", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One setting as ``badgejobs config show`` prints it."""

    name: str
    #: Secrets masked.
    value_shown: str
    #: ``default``, ``argument``, a variable of the environment or the path of a file.
    origin: str


@dataclass(frozen=True, slots=True)
class Origins:
    """What settings remember of how they were made."""

    #: The origin of a setting by its path, ``None`` for a default.
    of: Callable[[tuple[str, ...]], str | None] = lambda _: None
    file: Path | None = None


def origins_of(settings: Any, known: Origins) -> list[Origin]:
    """Every setting with its shown value and origin, in the order of the models."""
    found = [
        Origin(
            name=".".join(path),
            value_shown=_shown(path, value, settings),
            origin=known.of(path) or "default",
        )
        for path, value in _leaves(settings, ())
        if value is not None or not path[-1].endswith("_file")
    ]
    config = str(known.file) if known.file else "none"
    return [Origin(name="config", value_shown=config, origin="file that was read"), *found]


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(node, BaseModel):
        # what a site leaves unsaid here is the installation's, and no default
        is_partial = path[:1] == ("sites",) and path[-1:] == ("notify",)
        for name in type(node).model_fields:
            if is_partial and name not in node.model_fields_set:
                continue
            yield from _leaves(getattr(node, name), (*path, name))
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, (*path, name))
    else:
        yield path, node


def _shown(path: tuple[str, ...], value: Any, settings: Any) -> str:
    match value:
        case SecretStr() if path[-1].endswith("_url"):
            return masked_url(value.get_secret_value())
        case SecretStr():
            return _MASK
        case None if path == ("database_url",):
            return masked_url(settings.database)
        case None if path == ("redis_url",):
            return "embedded"
        case None if path == ("broker_url",):
            return "redis_url"
        case None if path in {("identity_key",), ("secrets_key",)}:
            return "a file in state_dir"
        case None:
            return "not set"
        case str() if path[-1] == "webhook_url":
            return masked_path(value)
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def masked_path(url: str) -> str:
    """Where a URL leads to, without its path and query: with many services these are a secret.

    >>> masked_path("https://hooks.example.com/services/T0/B0/x"), masked_path("")
    ('https://hooks.example.com/***', '')
    """
    parts = urlsplit(url)
    is_bare = parts.path in {"", "/"} and not parts.query
    return url if is_bare else f"{parts.scheme}://{parts.netloc}/{_MASK}"


def masked_url(url: str) -> str:
    """A URL without its password, wherever that stands.

    >>> masked_url("postgresql://ann:s3cret@db:5432/jobs?sslmode=require&password=x")
    'postgresql://ann:***@db:5432/jobs?sslmode=require&password=***'
    >>> masked_url("sqlite:////var/lib/jobs.db")
    'sqlite:////var/lib/jobs.db'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return _MASK
    place = parts.netloc
    if "@" in place:
        person, _, host = place.rpartition("@")
        name, colon, _ = person.partition(":")
        place = f"{name}:{_MASK}@{host}" if colon else f"{name}@{host}"
    query = urlencode(
        [
            (name, _MASK if any(word in name.lower() for word in _SECRET_WORDS) else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ],
        safe="*/",
    )
    if parts.scheme.startswith("sqlite"):
        return url.partition("?")[0] + (f"?{query}" if query else "")
    return urlunsplit((parts.scheme, place, parts.path, query, ""))
