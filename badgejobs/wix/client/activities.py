"""What members did: orders and comments, as Wix's records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from badgejobs.wix import bodies, calls, threads, wire
from badgejobs.wix.bodies import Comment, Order, OrderTransactions
from badgejobs.wix.client import asking
from badgejobs.wix.exchange import Exchange
from badgejobs.wix.pages import Listed
from badgejobs.wix.threads import Threads


class ActivityCalls:
    """What :class:`WixClient` can read of orders and comments.

    A record that cannot be read stands in its page as ``bad`` and spoils nothing else.
    """

    _exchange: Exchange

    # ------------------------------------------------------------ orders

    def search_orders(self, since: datetime | None, cursor: str | None) -> Listed[Order]:
        """A page of up to 100 orders by ascending last change, from ``since`` on, inclusive.

        Raises :class:`CursorRefused` where Wix no longer takes the cursor.
        """
        call = calls.search_orders(since, cursor=cursor)
        return asking.page(self._exchange, call, Order, cursor=cursor)

    def orders_by_id(self, order_ids: Sequence[str]) -> Listed[Order]:
        """Those of up to 100 orders that Wix still has, as they are now, of any status."""
        call = calls.orders_by_id(order_ids)
        return asking.named(asking.page(self._exchange, call, Order), order_ids)

    def get_order(self, order_id: str) -> Listed[Order]:
        """One order as it is now, of any status; :class:`NotFound` where there is none."""
        return asking.record(self._exchange, calls.get_order(order_id), Order)

    def order_transactions(self, order_ids: Sequence[str]) -> Listed[OrderTransactions]:
        """Payments and refunds of up to 100 orders; orders without any may be left out."""
        call = calls.list_transactions(order_ids)
        return asking.page(self._exchange, call, OrderTransactions, paged=False)

    # ------------------------------------------------------------ comments

    def query_comments(
        self,
        app_id: str,
        cursor: str | None,
        *,
        author: str | None = None,
        resource_ids: Sequence[str] | None = None,
        statuses: Sequence[str] = wire.COMMENT_STATUSES,
    ) -> Listed[Comment]:
        """A page of up to 100 comments of one app, by ascending id.

        Of one member, of up to 100 resources and in fewer statuses where given; with a cursor
        these are not sent again.
        """
        call = calls.query_comments(
            app_id, author=author, resource_ids=resource_ids, statuses=statuses, cursor=cursor
        )
        return asking.page(self._exchange, call, Comment, cursor=cursor)

    def comments_by_id(self, app_id: str, comment_ids: Sequence[str]) -> Listed[Comment]:
        """Those of up to 100 comments that are an app's, as they are now, in any status."""
        call = calls.comments_by_id(app_id, comment_ids)
        return asking.named(asking.page(self._exchange, call, Comment), comment_ids)

    def count_comments(
        self,
        app_id: str,
        *,
        author: str | None = None,
        resource_ids: Sequence[str] | None = None,
        status: str = "PUBLISHED",
    ) -> int:
        """How many comments of an app have this status; hidden ones never count.

        Of one member and of up to ``calls.MOST_COUNTED`` resources where given. Raises
        :class:`protocol.TooManyToCount` if there are too many.
        """
        call = calls.count_comments(app_id, author=author, resource_ids=resource_ids, status=status)
        return asking.thing(self._exchange, call, bodies.Count).count

    def list_comments(
        self,
        app_id: str,
        *,
        context_id: str,
        resource_id: str,
        order: calls.Order = "NEWEST_FIRST",
        cursor: str | None = None,
    ) -> Threads:
        """A page of up to 100 published comments of one resource, and the replies to each."""
        call = calls.list_comments(
            app_id, context_id=context_id, resource_id=resource_id, order=order, cursor=cursor
        )
        told = self._exchange.ask(call)
        return threads.read(told.body, answered_at=told.answered_at, what=told.what, cursor=cursor)

    def get_comment(self, comment_id: str) -> Listed[Comment]:
        """One comment as it is now; :class:`NotFound` where there is none."""
        return asking.record(self._exchange, calls.get_comment(comment_id), Comment)
