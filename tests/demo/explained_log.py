"""What is explained of the ledger, and who is near, held against the ledger and the log's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from log_rows import Log, Must, must, rows

from badgejobs.bootstrap import House
from badgejobs.core.award import Award, State
from badgejobs.core.explanation import Explanation
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.core.progress import nearest
from badgejobs.flow.explaining import explain
from badgejobs.flow.progress import near
from badgejobs.rules.wording.explanations import as_data
from badgejobs.rules.wording.proofs import missing_of

Ledger = Mapping[tuple[str, str], Award]


class Explained:
    """Explanations of one site, each held against what stands and what the rows say."""

    def __init__(self, house: House, site: str, standing: Ledger) -> None:
        self._house, self._site, self._standing = house, site, standing
        self._rules: Ruleset = house.at(site).rules()
        self._log = rows()

    def awards(self, *, one_in: int = 1) -> None:
        """Every award, or one in so many."""
        for member, badge in islice(self._standing, 0, None, one_in):
            one, award = self._explained(member, badge), self._standing[member, badge]
            assert one.award == award
            assert award.state is State.ASSIGNED, one
            assert one.last, one
            assert one.last.to_state is award.state, one

    def near_misses(self, *badges: str, one_in: int = 1) -> None:
        """Who is near these badges, or all, and why of every one of them, or of one in so many."""
        for milestone in self._rules.milestones:
            if badges and milestone.badge not in badges:
                continue
            found = list(near(self._site, milestone, self._rules, self._house.store))
            assert [one.member for one in found] == sorted(self._near(milestone))
            for one in islice(found, 0, None, one_in):
                told = self._explained(one.member, milestone.badge)
                assert told.award is None
                assert told.answer
                assert nearest(told.answer.proof) == one.part
                assert one.until is None
                missing = [leaf["missing"] for leaf in _leaves(as_data(told)["proof"])]
                assert missing_of(one.part) in missing

    def others(self, *, one_in: int) -> None:
        """Of one member in so many every badge, whether they have it or not."""
        for member in islice(sorted(self._log), 0, None, one_in):
            for milestone in self._rules.milestones:
                self._explained(member, milestone.badge)

    def _near(self, milestone: Milestone) -> set[str]:
        return {
            member
            for member, log in self._log.items()
            if (member, milestone.badge) not in self._standing and _must(milestone, log).is_near
        }

    def _explained(self, member: str, badge: str) -> Explanation:
        one = explain(self._house.store, self._site, member, badge, self._rules)
        award = self._standing.get((member, badge))
        assert (one.hold, one.unread, one.in_line) == ("", (), None), one
        assert one.in_force == one.version, one
        assert one.all_decided, one
        assert one.milestone
        data = as_data(one)
        assert (data["met"], data["earned_at"]) == _of(award), one
        assert (data["award"]["state"], data["award"]["earned_at"]) == (
            award.state.value if award else None,
            award.earned_at if award else None,
        )
        _check(data, _must(one.milestone, self._log[member]))
        return one


def _must(milestone: Milestone, log: Log) -> Must:
    return must(milestone.badge.replace("-", "_"), log)


def _of(award: Award | None) -> tuple[bool, datetime | None]:
    return award is not None, award.earned_at if award else None


def _check(data: Mapping[str, Any], wanted: Must) -> None:
    leaves = list(_leaves(data["proof"]))
    for leaf in leaves:
        assert {*leaf["counted"], *leaf["left_the_window"]} == wanted.counted, data
        assert {one["id"]: one["reason"] for one in leaf["not_counted"]} == wanted.refused, data
    assert [leaf["missing"] for leaf in leaves if leaf["missing"]] == wanted.missing, data


def _leaves(proof: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "parts" not in proof:
        yield proof
    for part in proof.get("parts", ()):
        yield from _leaves(part)
