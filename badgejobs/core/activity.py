"""The facts: what members did, as the sources read it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class Mark(StrEnum):
    """What is true of an activity now; a policy decides which of these make it count.

    Marks are facts of the latest state that was read, so a refund or an un-hide replaces
    them and nothing is ever added up or taken back.
    """

    APPROVED = "approved"
    PAID = "paid"
    FULFILLED = "fulfilled"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    IMPORTED = "imported"
    DEMO = "demo"
    #: The money went back by way of the payer's bank, and no reversal brought it again.
    CHARGED_BACK = "charged_back"
    #: A cycle of a subscription for which nothing was paid.
    TRIAL = "trial"
    #: A record that gives money back: it lowers sums by its amount and is nothing else.
    CREDIT = "credit"
    JOINED = "joined"
    BLOCKED = "blocked"
    PUBLISHED = "published"
    PENDING = "pending"
    HIDDEN = "hidden"
    DELETED = "deleted"
    STAFF = "staff"
    #: Set by the ledger, not by a source: missing from two complete walks.
    GONE = "gone"


#: What any of these says is kept and counts for nothing, by the policies that rules come with.
VOID = frozenset(
    {
        Mark.CANCELLED,
        Mark.REJECTED,
        Mark.REFUNDED,
        Mark.CHARGED_BACK,
        Mark.HIDDEN,
        Mark.DELETED,
        Mark.GONE,
    }
)


class Link(StrEnum):
    """How an order that a guest placed was found to be a member's."""

    CONTACT = "contact"
    VERIFIED_EMAIL = "verified_email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of an order."""

    #: The id of the catalogue's item; all its sizes and colours share it.
    product: str
    #: ``label`` of the product's name, so that rules can name it while no text is kept.
    name: str = ""
    #: The id of the Wix app whose catalogue it is.
    catalog: str = ""
    #: Names and ids of the item's categories when the order was read, in small letters.
    categories: frozenset[str] = frozenset()
    quantity: int = 1
    #: How many of them were refunded.
    refunded: int = 0
    #: After discounts, without tax and shipping, in minor units of the order's currency.
    amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing that one member did.

    ``(site, source, activity_id)`` names it for good: read twice, it counts once. It carries
    ids, times and amounts only: no names, no addresses, no texts.
    """

    site: str
    source: str
    activity_id: str
    #: ``None`` for a guest, and for a deleted comment whose author Wix no longer tells.
    member_id: str | None
    occurred_at: datetime
    #: The last change, by Wix's clock.
    updated_at: datetime
    #: Wix's revision where it has one, else 0; decides with ``updated_at`` which state is newer.
    revision: int = 0
    #: The part of a source it belongs to: for comments the app id.
    part: str = ""
    marks: frozenset[Mark] = frozenset()
    #: Money in minor units of ``currency``, by name: ``items``, ``total``, ``refunded``.
    amounts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    currency: str | None = None
    #: The site's own currency, and how much of ``currency`` one unit of it was worth then.
    base_currency: str | None = None
    rate: Decimal | None = None
    #: When an order was paid in full; ``None`` where that was not read.
    paid_at: datetime | None = None
    #: Where an order was placed, in Wix's word such as ``WEB`` or ``POS``.
    channel: str = ""
    items: tuple[Item, ...] = ()
    #: How a guest's order came to its member; ``None`` where the member was signed in.
    linked_by: Link | None = None
    #: What a comment is about: the id of the post.
    post: str = ""
    #: The comment that it replies to.
    parent: str | None = None
    #: Whether it stands on the member's own content: their own post, or in reply to themselves.
    own: bool = False
    #: How many characters it has.
    length: int = 0
    #: Keyed digests by which guests' orders find their member: of an order that a guest placed,
    #: the guest's; of a membership, the member's. They are kept apart from the facts.
    identities: frozenset[tuple[Link, str]] = field(default=frozenset(), compare=False, repr=False)


def is_live(marks: frozenset[Mark]) -> bool:
    """Whether it stands in public: Wix's numbers count it."""
    return Mark.PUBLISHED in marks and Mark.GONE not in marks


def label(name: str) -> str:
    """A short digest of a name, the same for every way to write it.

    >>> label("Gift Card") == label("  gift  card ")
    True
    """
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def keeping_categories(seen: Activity, stored: Activity) -> Activity:
    """An order as it was seen now, its products in the categories of the first time.

    Categories are those of the scan that read a line first, so that nobody wins or loses a badge
    because a shop tidies its shelves. A product that is new to the order brings its own, and so
    does one of which no category was known: nothing was asked then, or it had none.
    """
    first = {(one.catalog, one.product): one.categories for one in stored.items if one.categories}
    if not first or seen.items == stored.items:
        return seen
    return replace(
        seen,
        items=tuple(
            replace(one, categories=first.get((one.catalog, one.product), one.categories))
            for one in seen.items
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A record that a source could not understand; the scan goes on without it."""

    source: str
    #: The record's id where it could be found, else what stands for it (``stand_in``).
    activity_id: str
    #: Which field is wrong and how; never a value, which could be a member's.
    reason: str


_STAND_IN = "no-id:"


def stand_in(record: bytes) -> str:
    """What stands for a record that has no id: the same for the same bytes, and for no others.

    >>> stand_in(b'{"total": 1}') == stand_in(b'{"total": 2}')
    False
    """
    return _STAND_IN + hashlib.sha256(record).hexdigest()[:32]


def is_stand_in(activity_id: str) -> bool:
    """Whether this stands for a record without an id, so that nobody can ask for it by that.

    >>> is_stand_in(stand_in(b"{}")), is_stand_in("c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201")
    (True, False)
    """
    return activity_id.startswith(_STAND_IN)
