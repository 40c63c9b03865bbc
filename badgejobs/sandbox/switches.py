"""Switches for what Wix leaves open: each position is one way in which the live API may answer.

``GET /_sandbox/switches`` shows them all, ``POST`` turns them, ``reset`` puts them back. Where
Wix's own sources disagree there is a switch too. The type of a field holds its positions and,
behind them, what is open; its value is the default, which rests on the contract first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from badgejobs.sandbox import refusals, validation

_OffOn = Literal["off", "on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The position of every switch."""

    bad_credentials_status: Annotated[
        Literal[400, 401],
        "Status of a token request whose credentials fit no site; the docs say only 4XX.",
    ] = 400
    ended_inspection: Annotated[
        Literal["refuse", "inactive"],
        "Token info of an ended or unknown token: an OAuth error with the status of bad "
        "credentials, or 200 with active false; the docs have the field and no example of it.",
    ] = "refuse"
    inspection_values: Annotated[
        Literal["typed", "text"],
        "How token info writes active, exp and iat: the SDK declares a truth value and numbers, "
        "the sample of the docs has texts.",
    ] = "typed"
    both_id_headers: Annotated[
        Literal["accept", "refuse"],
        "An API key with wix-site-id and wix-account-id: the docs say it may fail; refused "
        "with 400.",
    ] = "accept"
    assignment_paths: Annotated[
        Literal["sdk", "both", "docs"],
        "Which paths of badge assignments answer: those of the SDK (/badges/v4/assignments), "
        "those of the docs' text pages (/v4/badge-assignments), or both; others are 404.",
    ] = "sdk"
    display_order_endpoint: Annotated[
        Literal["present", "removed"],
        "Whether the deprecated Update Badges Display Order still answers; its removal is "
        "announced for 2026-07-01.",
    ] = "present"
    cursor_with_filter: Annotated[
        Literal["ignore", "refuse"],
        "A cursor sent together with a filter or a sort: these are ignored, or the request is "
        "refused with 400; the docs only say not to.",
    ] = "ignore"
    badges_default_limit: Annotated[
        Literal[100, 50],
        "Page size of badges and assignments without a limit: the docs say 100, the SDK 50.",
    ] = 100
    comments_default_limit: Annotated[
        Literal[50, 100],
        "Page size of comments without a limit; no source names it.",
    ] = 50
    operators_per_field: Annotated[
        Literal["lenient", "documented"],
        "Whether a filter takes every operator on every field, or only those that the SDK lists "
        "for the field and its type.",
    ] = "lenient"
    pending_orders: Annotated[
        Literal["hide", "show"],
        "Whether a search that does not name a status leaves out PENDING and REJECTED orders, as "
        "the SDK says, or shows them, as older docs do.",
    ] = "hide"
    comment_date_sort: Annotated[
        Literal["refuse", "accept"],
        "Sorting comments by createdDate: no table allows it, a sample of older docs does it.",
    ] = "refuse"
    marked_comments: Annotated[
        Literal["in-order", "first"],
        "Whether list by resource puts marked comments before the others unless asked not to, "
        "as the SDK says.",
    ] = "in-order"
    member_sorting: Annotated[
        Literal["none", "documented"],
        "Whether members can be sorted: the docs name fields, the SDK has none.",
    ] = "none"
    count_limit: Annotated[
        int | None,
        "More comments than this are not counted (TOO_MANY_TO_COUNT); the threshold is unknown.",
    ] = None
    most_in: Annotated[
        int | None,
        "Longer lists behind $in and $nin are refused with 400; 0 is no limit. No page names one "
        "for comments, those of other APIs say 100.",
    ] = 0
    count_limit_status: Annotated[
        Literal[428, 400],
        "Status of TOO_MANY_TO_COUNT; only the code is documented.",
    ] = 428
    stale_revision_status: Annotated[
        Literal[409, 400],
        "Status of an update with a revision that is not the current one; some APIs of Wix "
        "answer 400.",
    ] = 409
    missing_revision: Annotated[
        Literal["refuse", "conflict", "accept"],
        "An update without a revision: refused with 400, or like a stale one, or done; the docs "
        "call it needed and do not list it as required.",
    ] = "refuse"
    duplicate_titles: Annotated[
        Literal["accept", "refuse"],
        "A title that another badge of the site has: taken, or refused with 409.",
    ] = "accept"
    slug_collisions: Annotated[
        Literal["same", "suffix"],
        "The slug of a badge whose title makes a slug that is in use: the same once more, or "
        "with a number behind it.",
    ] = "same"
    unknown_on_create: Annotated[
        Literal[404, 400, "accept"],
        "Assigning an unknown badge, or to an unknown member: the status of the refusal. With "
        "accept the row of an unknown member is stored; an unknown badge stays 404, because a "
        "badge that is gone has no assignments.",
    ] = 404
    undetailed_failures: Annotated[
        _OffOn,
        "Whether failed items of a bulk call have no result row and are only counted; Wix does "
        "so beyond a threshold that it does not name.",
    ] = "off"
    unknown_order_payments: Annotated[
        Literal["absent", "empty"],
        "Transactions of an unknown order: 404 and left out of lists, or there without payments "
        "and refunds.",
    ] = "absent"
    rate_limit_body: Annotated[
        Literal["empty", "code"],
        "Body of a 429: the empty envelope, or an application error RESOURCE_EXHAUSTED.",
    ] = "empty"
    rate_limit_retry_after: Annotated[
        _OffOn,
        "Whether a 429 has a Retry-After header; none is documented.",
    ] = "off"
    consistent_header: Annotated[
        _OffOn,
        "Whether answers to writes carry X-Wix-Consistent, which the SDK repeats in later "
        "requests and no page explains.",
    ] = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What the admin interface knows of one switch; without positions it takes null or a count."""

    attribute: str
    positions: tuple[object, ...]
    default: object
    meaning: str

    def allows(self, position: object) -> bool:
        """Whether it can be turned so; ``true`` is not 1 here, nor 400.0 a status."""
        if not self.positions:
            whole = isinstance(position, int) and not isinstance(position, bool) and position >= 0
            return position is None or whole
        return any(type(position) is type(one) and position == one for one in self.positions)

    @property
    def allowed(self) -> list[object]:
        """The positions, for people to read."""
        return list(self.positions) or [None, "a whole number, 0 or more"]

    def as_json(self, position: object) -> dict[str, Any]:
        """All about it, as the admin interface shows it."""
        return {
            "position": position,
            "positions": self.allowed,
            "default": self.default,
            "meaning": self.meaning,
        }


def _known() -> dict[str, Switch]:
    """Every switch by the name that it has in JSON."""
    hints = get_type_hints(Switches, include_extras=True)
    found: dict[str, Switch] = {}
    for one in fields(Switches):
        first, *rest = one.name.split("_")
        kind, meaning = get_args(hints[one.name])
        found[first + "".join(word.capitalize() for word in rest)] = Switch(
            attribute=one.name,
            positions=get_args(kind) if get_origin(kind) is Literal else (),
            default=one.default,
            meaning=meaning,
        )
    return found


KNOWN: Final[Mapping[str, Switch]] = _known()


def turned(switches: Switches, given: object) -> Switches:
    """The switches with some turned as a JSON object says, or a refusal that names the choice."""
    wanted = validation.mapping(given, "body")
    change: dict[str, Any] = {}
    for name, position in wanted.items():
        switch = KNOWN.get(name)
        if switch is None:
            raise refusals.invalid(name, f"is no switch; there are {', '.join(sorted(KNOWN))}")
        if not switch.allows(position):
            choice = ", ".join("null" if one is None else str(one) for one in switch.allowed)
            raise refusals.invalid(name, f"must be one of {choice}")
        change[switch.attribute] = position
    return replace(switches, **change)


def shown(switches: Switches) -> dict[str, dict[str, Any]]:
    """Every switch with its position, its other ones and its meaning."""
    return {
        name: switch.as_json(getattr(switches, switch.attribute)) for name, switch in KNOWN.items()
    }
