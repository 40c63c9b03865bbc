"""What counts, where it is not what counts everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.core.activity import Link
from badgejobs.core.policy import CommentPolicy, OrderPolicy, Policy
from badgejobs.rules.wording.amounts import some


def sentences(policy: Policy) -> Iterator[str]:
    """A sentence for each setting of a policy that differs from its default."""
    match policy:
        case OrderPolicy():
            yield from _of_orders(policy)
        case CommentPolicy():
            yield from _of_comments(policy)


def _of_orders(policy: OrderPolicy) -> Iterator[str]:
    if policy.dated_by_payment:
        yield "Orders are dated by when they were paid."
    if policy.amount == "total":
        yield "Amounts are what was charged, with tax and shipping."
    if not policy.void_when_refunded:
        yield "An order that was refunded in full, or charged back, still counts."
    if not policy.subtract_refunds:
        yield "Refunded money stays in the amounts."
    if not policy.void_when_cancelled:
        yield "A cancelled order still counts."
    if not policy.count_imported:
        yield "Orders imported from another shop do not count."
    if not policy.guests:
        yield "Orders placed as a guest never count."
    elif Link.CONTACT in policy.guests:
        yield "Orders placed as a guest count where the contact or the verified address is theirs."
    if policy.convert:
        yield "Other currencies are converted by the rate that stands with the order."


def _of_comments(policy: CommentPolicy) -> Iterator[str]:
    if policy.include_staff:
        yield "Comments by the site's staff count."
    if policy.keep_deleted:
        yield "A deleted comment still counts."
    if policy.min_chars:
        yield f"Comments shorter than {some(policy.min_chars, 'character')} do not count."
    if policy.max_per_post_per_day:
        most = some(policy.max_per_post_per_day, "comment")
        yield f"Of one member's comments on one post and day, {most} at most count."
