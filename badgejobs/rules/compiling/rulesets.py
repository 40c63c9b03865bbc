"""The whole ruleset: its milestones, its version, and which facts it wants."""

from __future__ import annotations

from badgejobs.core.milestone import Distinct, Milestone, Ruleset, Selection, Wants, leaves
from badgejobs.core.policy import OrderPolicy
from badgejobs.rules.compiling.milestones import Compiler
from badgejobs.rules.compiling.versions import version
from badgejobs.rules.language.document import Rules
from badgejobs.rules.setting import Setting


def compiled(rules: Rules, setting: Setting) -> Ruleset:
    """The ruleset that these rules mean in their setting."""
    milestones = Compiler(rules, setting).milestones()
    return Ruleset(version=version(milestones), milestones=milestones, wants=wants(milestones))


def wants(milestones: tuple[Milestone, ...]) -> Wants:
    """The facts that cost calls of their own, and that one of the milestones asks for."""
    found = [leaf for one in milestones for leaf in leaves(one.condition)]
    return Wants(
        payments=any(_by_payment(leaf.of) for leaf in found),
        categories=any(
            leaf.of.where.categories is not None
            or (isinstance(leaf, Distinct) and leaf.field == "items.category")
            for leaf in found
        ),
        post_authors=any(leaf.of.where.on_own_content is not None for leaf in found),
        guests=any(_of_guests(leaf.of) for leaf in found),
    )


def _by_payment(selection: Selection) -> bool:
    return isinstance(selection.policy, OrderPolicy) and selection.policy.dated_by_payment


def _of_guests(selection: Selection) -> bool:
    """Whether orders count that were placed as a guest and found to be a member's."""
    return isinstance(selection.policy, OrderPolicy) and bool(selection.policy.guests)
