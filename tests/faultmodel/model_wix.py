"""Wix as the model knows it: bodies in, bodies out, late to show and easy to lose.

It notes what it saw, so that afterwards each wrong can be told from what nobody could help.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from profiles import Profile
from virtual_time import Time
from wires import Reply, answer, item_error, refusal

from badgejobs.wix import wire

Pair = tuple[str, str]

#: The client waits so long for an answer; a late write comes at most so long after that.
_DEADLINE = 30.0
_LATE = 30.0
_NEVER = 1e9
#: A replica that is far behind has caught up after so many seconds: less than our two readings
#: lie apart.
_MISSED_FOR = 20.0


class Wrong(AssertionError):
    """A law was broken."""


def guid(family: int, number: int) -> str:
    return f"{family:08x}-0000-4000-8000-{number:012x}"


@dataclass(kw_only=True)
class Row:
    """One assignment, and from when until when a query shows it."""

    id: str
    pair: Pair
    born: float
    visible_at: float
    ours: bool
    gone_at: float = _NEVER
    gone_seen_at: float = _NEVER
    #: Until when the replica that missed it once goes on to do so.
    missed_until: float | None = None

    @property
    def stands(self) -> bool:
        return self.gone_at == _NEVER

    def seen(self, at: float) -> bool:
        return self.visible_at <= at < self.gone_seen_at


@dataclass(kw_only=True)
class ModelWix:
    """One site."""

    time: Time
    profile: Profile
    chance: Random
    #: Asked at each create: of how many of its pairs the ledger does not know that they are sent.
    unknown_to_us: Callable[[list[Pair]], int] = lambda _: 0
    members: set[str] = field(default_factory=set)
    badges: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[Pair, list[Row]] = field(default_factory=lambda: defaultdict(list))
    #: How many rows of each pair our requests made.
    created: Counter[Pair] = field(default_factory=Counter)
    #: Pairs that the owner took while they stood, and when last.
    taken: dict[Pair, float] = field(default_factory=dict)
    #: Pairs of which Wix has told us that they stand.
    told: set[Pair] = field(default_factory=set)
    #: Nothing goes wrong any more.
    is_calm: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    #: Who sends a request, and what moment of Wix each of them has seen last.
    sender: Callable[[], object] = lambda: None
    looked: dict[object, float] = field(default_factory=dict)
    _cursors: dict[str, list[Row]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # ------------------------------------------------------------ what owners do

    def give(self, pair: Pair) -> None:
        """The owner gives a badge by hand."""
        if self._may_stand(pair) and not self.standing(pair):
            self._add(pair, ours=False)
            self.counts["given by the owner"] += 1

    def take(self, pair: Pair) -> None:
        """The owner takes a badge away."""
        for row in self.standing(pair):
            self._end(row)
            self.taken[pair] = self.time.seconds
            self.counts["taken by the owner"] += 1

    def delete_badge(self, badge: str) -> None:
        self.badges.pop(badge, None)
        self._end_all(lambda pair: pair[0] == badge)

    def delete_member(self, member: str) -> None:
        self.members.discard(member)
        self._end_all(lambda pair: pair[1] == member)

    def standing(self, pair: Pair) -> list[Row]:
        return [row for row in self.rows.get(pair, ()) if row.stands]

    # ------------------------------------------------------------ requests

    def serve(self, method: str, path: str, body: Any) -> Reply:
        """The answer to a request, after what it does, if it does something."""
        self.calls[path] += 1
        if method == "DELETE" or path == wire.ASSIGNMENTS_BULK_DELETE:
            self._wrong("something is deleted")
        if path == wire.ASSIGNMENTS_QUERY:
            return self._query(body["query"])
        if path == wire.ASSIGNMENTS:
            return self._disturbed(lambda: self._single(body), [_pair(body["badgeAssignment"])])
        if path == wire.ASSIGNMENTS_BULK_CREATE:
            pairs = [_pair(one) for one in body["badgeAssignments"]]
            return self._disturbed(lambda: self._bulk(pairs), pairs)
        return self._about_badges(method, path, body)

    def _disturbed(self, apply: Callable[[], Reply], pairs: list[Pair]) -> Reply:
        profile, chance = self.profile, self.chance
        self.counts["creates"] += 1
        self.counts["pairs sent"] += len(pairs)
        for _ in range(self.unknown_to_us(pairs)):
            self._wrong("a request left that the ledger does not know of")
        if self.is_calm:
            return apply()
        luck = chance.random()
        if (luck := luck - profile.lost_before) < 0:
            self.counts["lost before"] += 1
            return self._no_word()
        if (luck := luck - profile.lost_after) < 0:
            self.counts["lost after"] += 1
            return self._no_word(apply())
        if luck - profile.late < 0:
            self.counts["applied late"] += 1
            self.time.after(chance.uniform(0, _DEADLINE + _LATE), self._as_now(apply))
            return Reply(body=b"{}", after=_NEVER)
        return apply()

    def _as_now(self, apply: Callable[[], Reply]) -> Callable[[], None]:
        """What a request does later, judged by what its sender has seen by now."""
        looked = self.looked.get(self.sender())

        def late() -> None:
            sender, self.sender = self.sender, lambda: late
            if looked is not None:
                self.looked[late] = looked
            apply()
            self.looked.pop(late, None)
            self.sender = sender

        return late

    def _no_word(self, told: Reply | None = None) -> Reply:
        """An answer from which nobody can tell what became of the request."""
        html = Reply(body=b"<html>", status=self.chance.choice([500, 502, 503]), is_json=False)
        ways = [Reply(body=None, after=0.1), html]
        if told is not None and told.body:
            ways.append(Reply(body=told.body, cut_at=len(told.body) // 2))
        return self.chance.choice(ways)

    def _single(self, body: Any) -> Reply:
        status, told = self._create(_pair(body["badgeAssignment"]))
        if isinstance(told, Row):
            return self._soon({"badgeAssignment": _json(told, self.time)})
        return self._soon(refusal(told), status=status)

    def _bulk(self, pairs: list[Pair]) -> Reply:
        results, failures, silent = list[dict[str, Any]](), 0, 0
        for index, pair in enumerate(pairs):
            trouble = not self.is_calm and self.chance.random() < self.profile.item
            is_silent = trouble and self.chance.random() < 0.5
            told: Row | str = "INTERNAL"
            if not trouble or (is_silent and self.chance.random() < 0.5):
                _, told = self._create(pair)
            if is_silent:
                silent, failures = silent + 1, failures + 1
                self.counts["silent items"] += 1
                continue
            metadata: dict[str, Any] = {"originalIndex": index, "success": isinstance(told, Row)}
            row: dict[str, Any] = {"itemMetadata": metadata}
            if isinstance(told, Row):
                metadata["id"], row["item"] = told.id, _json(told, self.time)
            else:
                metadata["error"] = item_error(told)
                failures += 1
            results.append(row)
        self.chance.shuffle(results)
        totals = {
            "totalSuccesses": len(pairs) - failures,
            "totalFailures": failures,
            "undetailedFailures": silent,
        }
        return self._soon({"results": results, "bulkActionMetadata": totals})

    def _create(self, pair: Pair) -> tuple[int, Row | str]:
        """What a create of one pair does: the row, or the code of a refusal with its status."""
        if pair[0] not in self.badges:
            return 404, "BADGE_NOT_FOUND"
        if pair[1] not in self.members:
            return 404, "MEMBER_NOT_FOUND"
        self._judge(pair)
        standing = self.standing(pair)
        if standing and self.profile.duplicates == "refuse":
            self.told.add(pair)
            return 409, "ALREADY_EXISTS"
        if standing and self.profile.duplicates == "return":
            return 200, standing[0]
        return 200, self._add(pair, ours=True)

    def _judge(self, pair: Pair) -> None:
        """Whether this create should have been sent at all."""
        made = [row for row in self.rows.get(pair, ()) if row.ours]
        if any(row.stands for row in made):
            self._wrong("a duplicate: a create of a pair that our own create made")
        elif made:
            # The ledger would refuse to send what it has known as given (see ``unknown_to_us``):
            # it was taken before anybody could have seen it.
            self.counts["given, and taken unseen"] += 1
        if pair in self.told:
            self._wrong("a create of a pair that Wix has said to stand")
        looked = self.looked.get(self.sender())
        theirs = [row for row in self.standing(pair) if not row.ours]
        if theirs and looked is not None and any(row.visible_at <= looked for row in theirs):
            self._wrong("a create of a pair that stood and could be seen")
        if theirs:
            self.counts["met the owner's hand"] += 1

    def _query(self, query: dict[str, Any]) -> Reply:
        paging = query["cursorPaging"]
        if not self.is_calm and self.chance.random() < self.profile.unread:
            return self._no_word()
        if "cursor" in paging:
            found = self._cursors.pop(paging["cursor"])
        else:
            at = self.time.seconds
            self.looked[self.sender()] = at
            wanted = query["filter"]
            pairs = [
                (badge, member)
                for badge in wanted["badgeId"]["$in"]
                for member in wanted["memberId"]["$in"]
            ]
            found = [
                row
                for pair in pairs
                for row in self.rows.get(pair, ())
                if row.seen(at) and not self._is_missed(row)
            ]
            found.sort(key=lambda row: row.id)
        page, rest = found[: paging["limit"]], found[paging["limit"] :]
        metadata: dict[str, Any] = {"count": len(page), "hasNext": bool(rest)}
        if rest:
            cursor = f"cursor-{next(self._numbers)}"
            self._cursors[cursor] = rest
            metadata["cursors"] = {"next": cursor}
        rows = [_json(row, self.time) for row in page]
        return self._soon({"badgeAssignments": rows, "pagingMetadata": metadata})

    def _is_missed(self, row: Row) -> bool:
        """Whether a replica that is far behind does not show a row; each is missed once at most."""
        if row.missed_until is None and not self.is_calm:
            is_missed = self.chance.random() < self.profile.missed
            row.missed_until = self.time.seconds + (_MISSED_FOR if is_missed else 0)
        return row.missed_until is not None and self.time.seconds < row.missed_until

    def _about_badges(self, method: str, path: str, body: Any) -> Reply:
        if path == wire.BADGES_QUERY:
            listed = list(self.badges.values())
            return self._soon({"badges": listed, "pagingMetadata": {"hasNext": False}})
        if path == wire.BADGES and method == "POST":
            made = body["badge"] | {"id": guid(0xB0, next(self._numbers)), "revision": "1"}
            self.badges[made["id"]] = made
            return self._soon({"badge": made})
        badge = self.badges.get(path.rpartition("/")[2])
        if method == "GET" and badge is not None:
            return self._soon({"badge": badge})
        return self._soon(refusal("BADGE_NOT_FOUND"), status=404)

    # ------------------------------------------------------------ inside

    def _soon(self, body: dict[str, Any], *, status: int = 200) -> Reply:
        return answer(body, status=status, after=self.chance.uniform(0.05, 0.5))

    def _may_stand(self, pair: Pair) -> bool:
        return pair[0] in self.badges and pair[1] in self.members

    def _add(self, pair: Pair, *, ours: bool) -> Row:
        now = self.time.seconds
        row = Row(
            id=guid(0xA0, next(self._numbers)),
            pair=pair,
            born=now,
            visible_at=now + self.chance.uniform(0, self.profile.lag),
            ours=ours,
        )
        self.rows[pair].append(row)
        if ours:
            self.created[pair] += 1
        return row

    def _end(self, row: Row) -> None:
        row.gone_at = self.time.seconds
        row.gone_seen_at = row.gone_at + self.chance.uniform(0, self.profile.lag)

    def _end_all(self, of: Callable[[Pair], bool]) -> None:
        for pair, rows in self.rows.items():
            if of(pair):
                for row in rows:
                    if row.stands:
                        self._end(row)

    def _wrong(self, what: str) -> None:
        self.counts[what] += 1
        self.wrongs.append(f"{what}, after {self.time.seconds:.1f} s")


def _pair(body: Any) -> Pair:
    return body["badgeId"], body["memberId"]


def _json(row: Row, time: Time) -> dict[str, Any]:
    born = time.moment(row.born)
    return {
        "id": row.id,
        "badgeId": row.pair[0],
        "memberId": row.pair[1],
        "createdDate": f"{born:%Y-%m-%dT%H:%M:%S}.{born.microsecond // 1000:03d}Z",
    }
