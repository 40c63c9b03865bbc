"""What only the whole file can tell, once its single values are right."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.rules.checks.amounts import about_amounts
from badgejobs.rules.checks.belonging import about_belonging
from badgejobs.rules.checks.doubles import about_doubles
from badgejobs.rules.checks.lasting import about_lasting
from badgejobs.rules.checks.meaning import complaints_about_meaning
from badgejobs.rules.checks.references import about_references
from badgejobs.rules.checks.shape import about_shape
from badgejobs.rules.complaints import Complaint
from badgejobs.rules.language.document import Rules
from badgejobs.rules.setting import SiteDefaults, complaints_about_the_site
from badgejobs.rules.yaml_tree import Document

__all__ = ["complaints_about", "complaints_about_meaning"]


def complaints_about(rules: Rules, site: SiteDefaults, document: Document) -> Iterator[Complaint]:
    """All that is wrong with rules whose single values are right."""
    yield from complaints_about_the_site(rules.site, site, document)
    yield from about_shape(rules, document)
    yield from about_doubles(rules, document)
    yield from about_references(rules, document)
    yield from about_belonging(rules, document)
    yield from about_amounts(rules, site, document)
    yield from about_lasting(rules, document)
