"""The laws of a life: what must hold at each call, and what a person's word is worth.

What a person said last of a pair of member and badge is noted by those who play persons. A law
leans on the ledger only where the promise itself is about what had become known by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from enum import Enum, auto

from life_rules import GRACE, TERM, Words
from life_world import Broken, LifeWorld
from life_world import Pair as WixPair
from stage import Stage

from badgejobs.core.award import Award, State, Unmet
from badgejobs.core.evaluate import evaluate
from badgejobs.core.wixfacts import WixAssignment
from badgejobs.store.ledger import Change

#: (member, badge of the rules).
Pair = tuple[str, str]
#: What was so from a moment on, in order; several of one moment followed each other in it.
Told = list[tuple[datetime, bool]]


def any_of(told: Told, moment: datetime, value: bool) -> bool:
    """Whether it was so at a moment, or at any time within it; before all is known it was not."""
    before = [was for at, was in told if at < moment][-1:] or [False]
    return value in {*before, *(was for at, was in told if at == moment)}


def was_met(told: Told, since: datetime, until: datetime) -> bool:
    """Whether it was met at any time between two moments."""
    ends = [*(at for at, _ in told[1:]), until]
    return any(
        met and at < until and end > since for (at, met), end in zip(told, ends, strict=False)
    )


class Word(Enum):
    """What a person said last of a pair."""

    #: Gave it in the dashboard: that very assignment stays.
    GAVE = auto()
    #: ``badgejobs grant``: it is to stand, whatever the facts say.
    GRANTED = auto()
    #: Took it in the dashboard, when the ledger knew that it stood.
    TOOK = auto()
    #: ``badgejobs revoke``: it is not to stand, whatever the facts say.
    REVOKED = auto()
    #: Took it when the ledger did not know yet that it stood, or a rule was taking it: that
    #: anybody took it can be known to nobody, so nothing is demanded but the laws of each call.
    UNHEARD = auto()


class Laws:
    """Looks at each call of one life."""

    def __init__(self, at: Stage, world: LifeWorld, words: Words, members: tuple[str, ...]) -> None:
        self._at, self._world, self._words, self._members = at, world, words, members
        self.said = dict[Pair, Word]()
        #: Pairs that a person ever gave.
        self.touched = set[Pair]()
        #: Pairs of which a command ever said that they are to go.
        self._to_go = set[Pair]()
        self._had_tier = set[str]()
        #: By member, badge and version: whether the stored facts meet it, whenever they changed.
        self._read = defaultdict[tuple[str, str, str], Told](list)
        #: By member: whether they give any tier.
        self._tiers = defaultdict[str, Told](list)
        self._prints = dict[str, object]()
        #: Whoever lost a tier by a person's hand, or with its badge, and shows none since.
        self._stripped = set[str]()
        #: Since when the second words are in force.
        self.second_since: datetime | None = None
        world.on_create, world.on_delete, world.after = self._created, self._deleted, self._look
        world.on_lost_delete = self._lost_delete

    # ------------------------------------------------------------ a person's words

    def take_by_owner(self, pair: Pair) -> None:
        """The owner takes what stands of a pair, and it is noted whether we can come to know."""
        wix_pair = self.at_wix(pair)
        ids = {row.id for row in self._world.rows(wix_pair)}
        award = self.award(pair)
        is_known = award is not None and (
            award.state is State.TAKEN
            or (
                award.state is State.ASSIGNED
                and award.removal_sent_at is None
                and (award.assignment_id in ids or self.said.get(pair) is Word.TOOK)
            )
        )
        self._world.take(*wix_pair)
        before = self.said.get(pair)
        if before is not Word.REVOKED or award is None or award.state is not State.REVOKING:
            self.said[pair] = Word.TOOK if is_known else Word.UNHEARD
        self._strip(pair)

    def gave(self, pair: Pair) -> None:
        self.said[pair] = Word.GAVE
        self.touched.add(pair)

    def granted(self, pair: Pair) -> None:
        self.said[pair] = Word.GRANTED
        self.touched.add(pair)

    def revoked(self, pair: Pair) -> None:
        self.said[pair] = Word.REVOKED
        self._to_go.add(pair)
        self._strip(pair)

    def cleared(self, pair: Pair) -> None:
        """An override is no more; what the owner gave meanwhile is nobody's override."""
        if self.said.get(pair) is not Word.GAVE:
            self.said.pop(pair, None)

    def badge_dropped(self, badge: str) -> None:
        """With a badge all of its assignments go, whoever gave them; a command's word stays.

        That a person took it is forgotten where it was not known yet.
        """
        for pair, word in list(self.said.items()):
            award = self.award(pair)
            is_taken = award is not None and award.state is State.TAKEN
            if pair[1] != badge or word in {Word.GRANTED, Word.REVOKED}:
                continue
            if word is Word.TOOK and is_taken:
                continue
            self.said[pair] = Word.UNHEARD
        self._stripped |= set(self._members)

    def _strip(self, pair: Pair) -> None:
        if self._words.of(pair[1]).ladder:
            self._stripped.add(pair[0])

    # ------------------------------------------------------------ at each call

    def _created(self, wix_pair: WixPair) -> None:
        pair = self._named(wix_pair)
        if any(row.id not in self._world.by_owner for row in self._world.rows_now(wix_pair)):
            raise Broken(f"{pair}: a create of what stands by our own doing")
        if pair and self.said.get(pair) in {Word.TOOK, Word.REVOKED}:
            raise Broken(f"{pair}: given again, though a person took it")

    def _deleted(self, row: WixAssignment) -> None:
        """A delete that is about to be applied names this row."""
        pair = self._named((row.badge_id, row.member_id))
        if pair is None:
            return
        award = self.award(pair)
        by_word = award is not None and award.by_hand and pair in self._to_go
        if by_word:
            if self.said.get(pair) is Word.GAVE:
                # given while a command's wish was under way, which takes all of the pair
                self.said[pair] = Word.REVOKED
            return
        # Nobody can tell a row that was born while ours was under way from ours.
        if row.id in self._world.by_owner and not self._world.may_be_ours(row):
            raise Broken(f"{pair}: a rule took what a person gave")
        if self.said.get(pair) is Word.GRANTED:
            raise Broken(f"{pair}: a rule took what a person granted")
        if award is None or award.state is not State.REVOKING:
            return  # a second row of an attempt of ours, which reconcile repairs
        self._was_due(pair, award)

    def _lost_delete(self, ids: Collection[str]) -> None:
        """The answer to a delete is lost: whether the owner came before it can nobody tell."""
        for pair, word in list(self.said.items()):
            award = self.award(pair) if word is Word.TOOK else None
            if award and award.assignment_id in ids and award.state is State.REVOKING:
                self.said[pair] = Word.UNHEARD

    def _was_due(self, pair: Pair, award: Award) -> None:
        """What a rule takes was to go when it began to be taken, by the facts read until then."""
        began = self._began(pair)
        if began is None:
            return
        if award.unmet_because == Unmet.CONDITION:
            told = self._read[*pair, self._version(pair, award, began)]
            grace = self._words.of(pair[1]).lifecycle.grace
            if (was_met(told, began - GRACE, began)) if grace else not any_of(told, began, False):
                raise Broken(f"{pair}: taken, and the facts that were read say that it stands")
        elif award.unmet_because == Unmet.EXPIRED:
            orders = [one for one in self._at.orders.records.values() if one.member_id == pair[0]]
            if orders and min(one.occurred_at for one in orders) + TERM > began:
                raise Broken(f"{pair}: expired before its term was over")

    def _version(self, pair: Pair, award: Award, moment: datetime) -> str:
        """By which words a badge was held when it began to be taken."""
        if self.second_since is None or moment < self.second_since:
            return "v1"
        return "v1" if pair[1] in self._words.second.earlier.get(award.rules_version, {}) else "v2"

    def _began(self, pair: Pair) -> datetime | None:
        """When a rule began to take it, last."""
        begun = [
            one.at
            for one in self.history(pair[0])
            if one.badge == pair[1]
            and (one.from_state, one.to_state) == (State.ASSIGNED, State.REVOKING)
        ]
        return begun[-1] if begun else None

    def _look(self) -> None:
        """Whoever showed a tier shows one still, or it began to be taken when facts gave none."""
        tiers = set(self._words.tiers())
        showing = {member for title, member in self._world.standing if title in tiers}
        for member in sorted(self._had_tier - showing - self._world.members_gone):
            # Where a person took any tier, the rules do not see to it that one is shown.
            said = any((member, badge) in self.said for badge in self._words.ladder())
            if not said and member not in self._stripped:
                self._must_be_bare(member)
        self._had_tier = showing
        self._stripped -= showing

    def _must_be_bare(self, member: str) -> None:
        begun = [
            one.at
            for one in self.history(member)
            if one.badge in self._words.ladder()
            and (one.from_state, one.to_state) == (State.ASSIGNED, State.REVOKING)
        ]
        if not any(any_of(self._tiers[member], moment, False) for moment in begun):
            raise Broken(f"{member} is without a tier, and the facts give one")

    def sample(self) -> None:
        """Note what the stored facts say now; called around all that may change them."""
        now = self._at.clock()
        for member, known in self._at.facts(*self._members).items():
            facts = list(known.values())
            print_of = tuple(sorted((one.activity_id, one.revision) for one in facts))
            if self._prints.get(member) == print_of:
                continue
            self._prints[member] = print_of
            has_tier = False
            for rules in (self._words.first, self._words.second):
                for one in rules.milestones:
                    if one.lifecycle.revokes:
                        met = bool(facts) and not evaluate(facts, one, now).unmet
                        self._read[member, one.badge, rules.version].append((now, met))
                        has_tier |= met and one.ladder is not None
            self._tiers[member].append((now, has_tier))

    # ------------------------------------------------------------ looking

    def at_wix(self, pair: Pair) -> WixPair:
        return self._at.wix_id(pair[1]), pair[0]

    def award(self, pair: Pair) -> Award | None:
        with self._at.store.begin() as tx:
            return tx.awards.of_members(self._at.site, [pair[0]]).get(pair)

    def history(self, member: str) -> list[Change]:
        with self._at.store.read() as tx:
            return tx.awards.history(self._at.site, member)

    def _named(self, wix_pair: WixPair) -> Pair | None:
        with self._at.store.begin() as tx:
            names = {wix_id: badge for badge, wix_id in tx.bindings.of(self._at.site).items()}
        badge = names.get(wix_pair[0])
        return (wix_pair[1], badge) if badge else None
