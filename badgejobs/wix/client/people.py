"""Members, our app's installation and our token."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from badgejobs.core import identity
from badgejobs.core.wixfacts import Addressee, WixInstance, WixMember, WixToken
from badgejobs.errors import Ambiguous, Refused
from badgejobs.wix import bodies, calls, pages
from badgejobs.wix.calls import Fieldset, is_guid
from badgejobs.wix.client import asking
from badgejobs.wix.exchange import Exchange
from badgejobs.wix.pages import Listed

#: One address is one member's, as a rule; far more than that are not what was asked for.
_MOST_PER_ADDRESS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersListed:
    """A page of all members, and how many there are, where Wix counts them."""

    page: Listed[bodies.Joined]
    total: int | None


class PeopleCalls:
    """What :class:`WixClient` can read of members, and of who it is itself."""

    _exchange: Exchange

    def members(
        self, member_ids: Collection[str], *, fieldset: Fieldset = "PUBLIC"
    ) -> dict[str, WixMember]:
        """Those of these members that the site has, by the ids as they were asked for.

        An id that is not one of Wix's is no member's, and not asked for.
        """
        wanted = {one.lower(): one for one in member_ids if is_guid(one)}
        found: dict[str, WixMember] = {}
        for some in asking.chunks(wanted.values()):
            for one in self._some_members(some, fieldset):
                # Wix answers a filter that it does not see with everything it has.
                if asked := wanted.get(one.id.lower()):
                    found[asked] = _member(one, asked)
        return found

    def members_by_email(self, addresses: Collection[str]) -> dict[str, tuple[Addressee, ...]]:
        """Who logs in with these addresses, by the addresses as they were given.

        One that nobody uses is absent. Wix may tell large letters from small ones, so each is
        asked for as it is written and in small letters. Raises :class:`Refused` where Wix does
        not filter by addresses.
        """
        as_given = dict[str, list[str]]()
        for one in addresses:
            as_given.setdefault(identity.address(one), []).append(one)
        forms = {form for one in addresses for form in (one.strip(), identity.address(one)) if form}
        found = dict[str, dict[str, Addressee]]()
        for some in asking.chunks(sorted(forms)):
            for record in self._some_with_email(some):
                for given in as_given.get(identity.address(record.login_email or ""), ()):
                    found.setdefault(given, {})[record.id] = Addressee(
                        member_id=record.id.lower(), is_proved=record.login_email_verified
                    )
        return {given: tuple(them.values()) for given, them in found.items()}

    def list_members(
        self, *, offset: int, by_date: bool, fieldset: Fieldset = "EXTENDED"
    ) -> MembersListed:
        """Up to 100 members of all from this offset on: since when, and how they are known.

        With ``by_date`` the oldest come first; :class:`Refused` where Wix cannot sort so. Whether
        an address was proved is told by the fieldset ``FULL`` alone.
        """
        call = calls.list_members(offset=offset, by_date=by_date, fieldset=fieldset)
        told = self._exchange.ask(call)
        page = pages.page(told.body, bodies.Joined, answered_at=told.answered_at, what=told.what)
        return MembersListed(page=page, total=_total(told.body, told.what))

    def joined(
        self, member_ids: Sequence[str], *, fieldset: Fieldset = "EXTENDED"
    ) -> Listed[bodies.Joined]:
        """Those of up to 100 members that the site has, as ``list_members`` tells of them."""
        call = calls.query_members(member_ids, fieldset=fieldset)
        return asking.named(asking.page(self._exchange, call, bodies.Joined), member_ids)

    def get_member(self, member_id: str, *, fieldset: Fieldset = "PUBLIC") -> WixMember:
        """One member as they are now; :class:`NotFound` where there is none."""
        call = calls.get_member(member_id, fieldset=fieldset)
        found = asking.thing(self._exchange, call, bodies.MemberAnswer).member
        asking.require_same(found.id, member_id, call.endpoint)
        return _member(found, member_id)

    def app_instance(self) -> WixInstance:
        """The installation that the credentials stand for; only an app has one, no API key."""
        found = asking.thing(self._exchange, calls.app_instance(), bodies.InstanceAnswer)
        return WixInstance(
            instance_id=found.instance.instance_id,
            site_id=found.site.site_id if found.site else None,
            permissions=frozenset(found.instance.permissions),
        )

    def token_info(self) -> WixToken:
        """What our access token is good for; :class:`Refused` where there is but an API key."""
        told = self._exchange.token_info()
        found = pages.decoded(told.body, bodies.TokenInfo, what=told.what)
        return WixToken(
            active=found.active,
            app_id=found.client_id,
            instance_id=found.instance_id,
            site_id=found.site_id,
            expires_at=None if found.exp is None else datetime.fromtimestamp(found.exp, UTC),
        )

    def _some_with_email(self, addresses: list[str]) -> list[bodies.Joined]:
        """All who log in with up to 100 addresses; one that cannot be read fails the whole."""
        records: list[bodies.Joined] = []
        while True:
            call = calls.query_members_by_email(addresses, offset=len(records))
            told = self._exchange.ask(call)
            page = pages.page(
                told.body, bodies.Joined, answered_at=told.answered_at, what=told.what
            )
            if page.bad:
                raise Ambiguous(f"{told.what}: a member cannot be read: {page.bad[0].reason}")
            records.extend(page.records)
            total = _total(told.body, told.what)
            _require_filtered(max(len(records), total or 0), len(addresses), told.what)
            if not page.records or (total is not None and len(records) >= total):
                return records

    def _some_members(self, member_ids: list[str], fieldset: Fieldset) -> list[bodies.Member]:
        """Up to 100 members; Wix may need several pages, but never more than there are ids."""
        records: list[bodies.Member] = []
        while True:
            call = calls.query_members(member_ids, fieldset=fieldset, offset=len(records))
            told = self._exchange.ask(call)
            page = pages.page(
                told.body, bodies.Member, answered_at=told.answered_at, what=told.what
            )
            if page.bad:
                raise Ambiguous(f"{told.what}: a member cannot be read: {page.bad[0].reason}")
            records.extend(page.records)
            total = _total(told.body, told.what)
            known = len(member_ids) if total is None else min(total, len(member_ids))
            if not page.records or len(records) >= known:
                return records


def _require_filtered(records: int, asked: int, what: str) -> None:
    """Wix answers a filter that it does not see with everything it has."""
    if records > asked * _MOST_PER_ADDRESS:
        raise Refused(f"{what}: Wix does not filter by loginEmail here; name members by their ids")


def _total(body: bytes, what: str) -> int | None:
    told = pages.decoded(body, bodies.MembersTold, what=what).metadata
    return told.total if told else None


def _member(found: bodies.Member, member_id: str) -> WixMember:
    profile = found.profile
    return WixMember(
        id=member_id,
        nickname=(profile.nickname if profile else None) or "",
        slug=(profile.slug if profile else None) or "",
        status=found.status,
        login_email=found.login_email or None,
    )
