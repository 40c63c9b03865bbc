"""Matching: which members of a site the lines of a list mean, and which lines mean none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from badgejobs.core import identity
from badgejobs.core.grant_list import Entry, Unused
from badgejobs.core.wixfacts import Addressee
from badgejobs.errors import PermissionMissing
from badgejobs.flow.byhand import AWARDS_A_BATCH, Pair, Wanted
from badgejobs.flow.ports import MemberFinder, Store

Item = TypeVar("Item")

#: Members that Wix is asked for in one call.
MEMBERS_A_CALL = 100

NO_SUCH_MEMBER = "no member of the site has this id"
NOBODY = "no member logs in with this address"
SEVERAL = "more than one member logs in with this address: name the right one by member_id"
NOT_PROVED = (
    "whoever logs in with this address has not proved that it is theirs: name them by member_id"
)
NO_SUCH_BADGE = "the rules have no such badge, or it is bound to none at Wix"
ERASED = "all that was recorded of the member was erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What the lines of a list come to."""

    #: By (member_id, badge), each once, in the order of the list.
    wanted: Mapping[Pair, Wanted]
    #: The line of each of them.
    lines: Mapping[Pair, Entry]
    unused: Sequence[Unused]
    #: Lines that say what a line before them said.
    repeated: int = 0
    #: Whether Wix could be asked for the ids; else they are taken as they are.
    ids_checked: bool = True


def matched(
    site: str,
    entries: Sequence[Entry],
    badges: set[str],
    members: MemberFinder,
    store: Store,
    *,
    heard: Callable[[int], None] = lambda _: None,
) -> Matching:
    """Find the members of these lines, a hundred a call; nothing is written.

    An address finds a member only where Wix says that they proved it: anybody can register with
    another's. ``badges`` are those that can be granted; ``heard`` is told how many lines are
    looked up.
    """
    why = {one.line: NO_SUCH_BADGE for one in entries if one.badge not in badges}
    usable = [one for one in entries if one.line not in why]
    by_id = sorted({one.member_id for one in usable if one.member_id})
    by_email = sorted({identity.address(one.email) for one in usable if one.email})
    there, ids_checked, asked = set[str](), True, 0
    for some in _parts(by_id, MEMBERS_A_CALL):
        try:
            there |= set(members.members(some))
        except PermissionMissing:
            there, ids_checked = set(by_id), False
            break
        heard(asked := asked + len(some))
    found = dict[str, Sequence[Addressee]]()
    for some in _parts(by_email, MEMBERS_A_CALL):
        found |= members.members_by_email(some)
        heard(asked := asked + len(some))
    wanted, lines, repeated = dict[Pair, Wanted](), dict[Pair, Entry](), 0
    for one in usable:
        member_id = _member_of(one, there, found)
        if member_id not in {NO_SUCH_MEMBER, NOBODY, SEVERAL, NOT_PROVED}:
            pair = member_id, one.badge
            repeated += pair in wanted
            lines.setdefault(pair, one)
            wanted.setdefault(pair, Wanted(member_id=member_id, badge=one.badge, note=one.note))
        else:
            why[one.line] = member_id
    for pair in _erased(site, list(wanted), store):
        why[lines.pop(pair).line] = ERASED
        del wanted[pair]
    unused = [
        Unused(line=one.line, why=why[one.line], cells=one.cells)
        for one in entries
        if one.line in why
    ]
    return Matching(
        wanted=wanted, lines=lines, unused=unused, repeated=repeated, ids_checked=ids_checked
    )


def _member_of(one: Entry, there: set[str], found: Mapping[str, Sequence[Addressee]]) -> str:
    """The id of the member whom a line means, or why it means none."""
    if one.member_id:
        return one.member_id if one.member_id in there else NO_SUCH_MEMBER
    who = found.get(identity.address(one.email), ())
    if len(who) != 1:
        return SEVERAL if who else NOBODY
    return who[0].member_id if who[0].is_proved else NOT_PROVED


def _erased(site: str, pairs: Sequence[Pair], store: Store) -> Iterator[Pair]:
    for some in _parts(pairs, AWARDS_A_BATCH):
        with store.begin() as tx:
            gone = tx.byhand.erased(site, {member_id for member_id, _ in some})
        yield from (pair for pair in some if pair[0] in gone)


def _parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
