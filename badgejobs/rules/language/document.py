"""The whole file: the model that checks it and that its JSON Schema is made from."""

from __future__ import annotations

from pydantic import Field

from badgejobs.rules.language.badges import BadgeRule
from badgejobs.rules.language.ladders import LadderRule
from badgejobs.rules.language.policies import Policies
from badgejobs.rules.language.scalars import LanguageVersion
from badgejobs.rules.language.site import SiteFacts
from badgejobs.rules.language.strict import MOST_BADGES, Strict

_ONE_BADGE = {"anyOf": [{"required": ["badges"]}, {"required": ["ladders"]}]}


class Rules(Strict, json_schema_extra=_ONE_BADGE):
    """Rules of badgejobs: which members of a Wix site earn which badge."""

    version: LanguageVersion
    site: SiteFacts = SiteFacts()
    policies: Policies = Policies()
    badges: list[BadgeRule] = Field(default=[], min_length=1, max_length=MOST_BADGES)
    ladders: list[LadderRule] = Field(default=[], min_length=1, max_length=MOST_BADGES)
