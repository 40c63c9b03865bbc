"""The state of the imitated Wix, in memory: sites, their records, and who may reach them."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from badgejobs.sandbox.faults.late import LateWrites
from badgejobs.sandbox.faults.scripted import Faults
from badgejobs.sandbox.journal import Journal
from badgejobs.sandbox.limits import RollingWindow
from badgejobs.sandbox.properties import Properties
from badgejobs.sandbox.records import kinds
from badgejobs.sandbox.records.collection import Collection
from badgejobs.sandbox.records.cursors import Cursors
from badgejobs.sandbox.records.replay import Replay
from badgejobs.sandbox.records.stamps import stamp
from badgejobs.sandbox.settings import Installation, Options
from badgejobs.sandbox.switches import Switches

#: Of a site without orders that names none.
_CURRENCY = "EUR"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Site:
    """One site: its records of each kind, its rate counter, and its replay if one runs."""

    def __init__(self, installation: Installation, options: Options) -> None:
        self.installation = installation
        lag = options.query_lag_seconds
        self.badges = Collection(kinds.BADGES, lag)
        self.assignments = Collection(kinds.ASSIGNMENTS, lag)
        self.orders = Collection(kinds.ORDERS, lag)
        #: Payments and refunds that were stored, by order; those of other orders are derived.
        self.payments = Collection(kinds.PAYMENTS, lag)
        self.comments = Collection(kinds.COMMENTS, lag, grouped_by="resourceId")
        self.members = Collection(kinds.MEMBERS, lag)
        #: The shop's products and what they are filed under, as Catalog V1 has them.
        self.products = Collection(kinds.PRODUCTS, lag)
        self.collections = Collection(kinds.COLLECTIONS, lag)
        self.posts = Collection(kinds.POSTS, lag)
        self.reviews = Collection(kinds.REVIEWS, lag)
        self.properties = Properties()
        #: Badge ids in the order in which they are displayed.
        self.display_order: list[str] = []
        #: The assignments that stand now, by badge and member, oldest first.
        self.pairs: dict[tuple[str, str], list[str]] = {}
        #: How many assignments were ever created, by badge and member.
        self.ever_assigned: dict[tuple[str, str], int] = {}
        self.creates_refused = 0
        self.rate = RollingWindow(options.rate_limit_requests, options.rate_limit_window_seconds)
        self.replay: Replay | None = None

    @property
    def instance_id(self) -> str:
        """The app's installation on this site."""
        return self.installation.instance_id

    @property
    def payment_currency(self) -> str:
        """In which currency customers are billed: as set, else as the site's orders are."""
        if self.properties.payment_currency is not None:
            return self.properties.payment_currency
        told = next((order.body.get("currency") for order in self.orders.current.values()), None)
        return told if isinstance(told, str) and told else _CURRENCY

    def advance(self, now: float) -> None:
        """Reveal the records of a running replay that are due by ``now``."""
        if self.replay is None:
            return
        for at, order in self.replay.orders.due(now):
            self.orders.put(self.replay.as_of(at, order, self.orders.fields), at)
        for at, comment in self.replay.comments.due(now):
            self.comments.put(comment, at)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token that was given out; ``ends`` is a time of the world's clock."""

    site: Site
    issued: datetime
    ends: float


class World:
    """Everything the sandbox knows.

    ``clock`` gives seconds that never go back, for lags, limits and lifetimes; ``now`` gives
    the aware UTC time that is written into records.
    """

    def __init__(
        self,
        installations: Iterable[Installation] = (),
        options: Options | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.clock, self.now = clock, now
        self.late = LateWrites()
        self.reset(installations, options or Options())

    def reset(self, installations: Iterable[Installation], options: Options) -> None:
        """Forget everything and set up anew."""
        self.late.cancel()
        self.options = options
        self.switches = Switches()
        self.sites = {one.instance_id: Site(one, options) for one in installations}
        self.faults = Faults()
        self.journal = Journal()
        self.cursors = Cursors()
        self._tokens: dict[str, Token] = {}

    def stamp(self) -> str:
        """The time as it is written into records."""
        return stamp(self.now())

    def issue_token(self, site: Site) -> str:
        """A new access token of a site; earlier ones stay valid until their own end."""
        now = self.clock()
        while self._tokens and self._tokens[first := next(iter(self._tokens))].ends <= now:
            del self._tokens[first]
        token = f"OauthNG.JWS.{secrets.token_urlsafe(32)}"
        ends = now + self.options.token_lifetime_seconds
        self._tokens[token] = Token(site, self.now(), ends)
        return token

    def token(self, token: str) -> Token | None:
        """What is known of a token, None if it is unknown or has ended."""
        found = self._tokens.get(token)
        return found if found is not None and self.clock() < found.ends else None

    def end_token(self, token: str) -> None:
        """Let a token end now; the others of its site stay valid."""
        self._tokens.pop(token, None)

    def sites_of_key(self, api_key: str) -> list[Site]:
        """The sites that an API key reaches."""
        return [one for one in self.sites.values() if one.installation.api_key == api_key]


def new_id() -> str:
    """A new random id, as Wix gives to badges and assignments."""
    return str(uuid.uuid4())
