"""The door of the room: a rules file, or its text, to a ruleset."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from badgejobs.core.milestone import Ruleset
from badgejobs.errors import RulesError
from badgejobs.rules.checks import complaints_about, complaints_about_meaning
from badgejobs.rules.compiling import compiled
from badgejobs.rules.complaints import as_error, complaints_of
from badgejobs.rules.depending import ZONES, depends_on_zone, has_money
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.names import OUR_SOURCES
from badgejobs.rules.language.times import SITE
from badgejobs.rules.notes import notes_about
from badgejobs.rules.setting import NO_CURRENCY, SiteDefaults, currency_of, settled
from badgejobs.rules.yaml_tree import MOST_BYTES, load, too_large

_NOTHING_KNOWN = SiteDefaults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A rules file that holds."""

    ruleset: Ruleset
    #: What its owner should know of it, a sentence each.
    notes: tuple[str, ...]
    #: ``timezone`` and ``currency`` where the file leaves them to the site, an answer depends on
    #: them, and they were not told: UTC and no currency at all stand in for them.
    left_open: frozenset[str] = frozenset()


def read_rules(
    path: Path, *, sources: AbstractSet[str] = OUR_SOURCES, site: SiteDefaults = _NOTHING_KNOWN
) -> Reading:
    """Read a rules file, with what is to be said of it; else as :func:`load_rules`."""
    return read_text(text_of_file(path), file=str(path), sources=sources, site=site)


def load_rules(
    path: Path, *, sources: AbstractSet[str] = OUR_SOURCES, site: SiteDefaults = _NOTHING_KNOWN
) -> Ruleset:
    """Read a rules file.

    ``site`` is what stands for ``site`` in the file; without it the time zone is UTC, and money
    is refused unless the file names the currency. Raises :class:`badgejobs.errors.RulesError`
    for whatever is wrong, with file, line, column and cure.
    """
    return read_rules(path, sources=sources, site=site).ruleset


def parse_rules(
    text: str,
    *,
    file: str,
    sources: AbstractSet[str] = OUR_SOURCES,
    site: SiteDefaults = _NOTHING_KNOWN,
) -> Ruleset:
    """Read the text of a rules file; ``file`` is its name for errors.

    ``sources`` are the names that ``count`` knows. Raises
    :class:`badgejobs.errors.RulesError` as :func:`load_rules` does.
    """
    return read_text(text, file=file, sources=sources, site=site).ruleset


def read_text(text: str, *, file: str, sources: AbstractSet[str], site: SiteDefaults) -> Reading:
    """Read the text of a rules file, with what is to be said of it; else as `parse_rules`."""
    document = load(text, file=file)
    try:
        rules = Rules.model_validate(document.tree, context={"sources": frozenset(sources)})
    except ValidationError as error:
        raise as_error(complaints_of(error, document), file=file) from None
    if complaints := list(complaints_about(rules, site, document)):
        raise as_error(complaints, file=file)
    ruleset = replace(compiled(rules, settled(rules.site, site)), text=text)
    if complaints := list(complaints_about_meaning(rules, ruleset, document)):
        raise as_error(complaints, file=file)
    left_open = _left_open(rules, site, ruleset)
    if currency_of(rules.site, site) == NO_CURRENCY and "currency" not in left_open:
        # what stood in for the currency decides nothing, and is no part of the version
        known = settled(rules.site, replace(site, currency=None))
        ruleset = replace(compiled(rules, known), text=text)
    return Reading(
        ruleset=ruleset,
        notes=tuple(notes_about(left_open)),
        left_open=left_open,
    )


def _left_open(rules: Rules, site: SiteDefaults, ruleset: Ruleset) -> frozenset[str]:
    found = set[str]()
    if rules.site.timezone == SITE and site.timezone is None:
        elsewhere = [
            compiled(rules, settled(rules.site, replace(site, timezone=zone.key))) for zone in ZONES
        ]
        if depends_on_zone(*elsewhere):
            found.add("timezone")
    if currency_of(rules.site, site) == NO_CURRENCY and any(map(has_money, ruleset.milestones)):
        found.add("currency")
    return frozenset(found)


def text_of_file(path: Path) -> str:
    """The text of a rules file, whose size is looked at first; ``RulesError`` where it is none."""
    file = str(path)
    if path.exists() and not path.is_file():
        raise RulesError("not a file; name the YAML file itself", file=file)
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise RulesError(
            "there is no such file; write one with 'badgejobs init' or correct 'rules'", file=file
        ) from None
    except OSError as error:
        raise RulesError(
            f"cannot be read ({error.strerror}); check its owner and permissions", file=file
        ) from error
    if len(content) > MOST_BYTES:
        raise too_large(file)
    return _decoded(content, file)


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        raise RulesError(
            f"not UTF-8 (byte 0x{content[error.start]:02X}); save the file as UTF-8",
            file=file,
            line=before.count(b"\n") + 1,
            column=error.start - before.rfind(b"\n"),
        ) from None
