"""What a file of cases may say."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from badgejobs.rules.activities.cells import Moment, Text
from badgejobs.rules.language.names import BadgeId, Currency
from badgejobs.rules.language.scalars import OneOrMore
from badgejobs.rules.language.strict import Strict
from badgejobs.rules.language.times import SITE, TimeZone

_MOST_CASES, _MOST_ENTRIES = 500, 500

#: An activity in its short form; read when it is put together with what is known of it already.
Entry = dict[str, Any]
#: Members with badges of theirs.
Held = dict[str, Annotated[list[BadgeId], OneOrMore()]]
#: Members with badges, each with a moment.
Moments = dict[str, dict[BadgeId, Moment]]


class SiteRule(Strict):
    """What ``site`` stands for in the rules."""

    timezone: TimeZone = SITE
    currency: Currency = SITE


class DefaultsRule(Strict):
    """What every activity of a kind says that does not say otherwise."""

    order: Entry = Field(default_factory=dict)
    comment: Entry = Field(default_factory=dict)
    joined: Entry = Field(default_factory=dict)


class ExpectRule(Strict):
    """What must be true at one moment."""

    as_of: Moment
    #: What has come since the step before, or changed: only what changed need be said.
    activities: list[Entry] = Field(default=[], max_length=_MOST_ENTRIES)
    #: All that members have; a badge or member that is not named is expected to be without.
    badges: Held
    #: Met, and not given anew at this time: not earnable, or retired.
    withheld: Held = Field(default_factory=dict)
    earned: Moments = Field(default_factory=dict)
    #: When time alone changes the answer.
    next_change: Moments = Field(default_factory=dict)


class CaseRule(Strict):
    """One story, and what must be true at some moments of it."""

    name: Text
    #: The badges that are looked at; all of the rules where none is named.
    about: Annotated[list[BadgeId], OneOrMore()] = Field(default=[])
    #: The members that are looked at; all where none is named.
    members: Annotated[list[Text], OneOrMore()] = Field(default=[])
    activities: list[Entry] = Field(default=[], max_length=_MOST_ENTRIES)
    expect: list[ExpectRule] = Field(min_length=1)


class CaseFile(Strict):
    """Cases for one rules file."""

    rules: Text
    site: SiteRule = SiteRule()
    defaults: DefaultsRule = DefaultsRule()
    cases: list[CaseRule] = Field(min_length=1, max_length=_MOST_CASES)
