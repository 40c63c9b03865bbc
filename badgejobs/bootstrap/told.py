"""What was told of a site, whether by the configuration file or by a command, in one form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from badgejobs.config import SiteSettings
from badgejobs.wix.auth import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class FromFile:
    """Rules that stand in a file of this machine, which may be edited while workers run."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FromPack:
    """Rules of a pack that many sites share, with what this one says otherwise."""

    pack: str
    #: YAML; empty where it says nothing otherwise.
    overrides: str = ""
    #: A file of this machine that has it in place of that, and may be edited while workers run.
    overrides_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSite:
    """One site that we serve."""

    name: str
    #: Never shown: its ``repr`` is left out, as the secrets in it are.
    credentials: Credentials = field(repr=False)
    rules: FromFile | FromPack
    #: GUIDs, in the order in which they are walked.
    comment_apps: tuple[str, ...]
    requests_per_minute: int
    #: The site as Wix knows it: what is recorded under its name belongs to that one alone.
    at_wix: str
    #: When it, and its app, were last changed by a command; empty for what stands in a file.
    stamps: tuple[datetime, ...] = ()


def told_rules(told: SiteSettings) -> FromFile | FromPack:
    """The rules of a site of the configuration file."""
    if told.rules is not None:
        return FromFile(path=told.rules)
    assert told.pack, "settings demand one of the two"
    return FromPack(pack=told.pack, overrides_file=told.overrides)
