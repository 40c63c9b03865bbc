"""Requests of Wix Blog (Wix docs, Blog: Posts & Stats)."""

from __future__ import annotations

from collections.abc import Sequence

from badgejobs.wix import wire
from badgejobs.wix.calls.call import Call, among


def query_posts(member_ids: Sequence[str], *, offset: int = 0) -> Call:
    """A page of the published posts that up to 100 members wrote, by ascending id.

    Comments name a post by its ``referenceId`` (Wix docs, Comments: Introduction; older pages
    say ``internalId``), which is not its ``id``, comes only with its own fieldset and cannot be
    filtered by. So posts are asked for by their writers; the table of the docs has ``$hasSome``
    for that, and no ``$in``.
    """
    return Call(
        form=wire.POSTS_QUERY,
        body={
            "fieldsets": ["REFERENCE_ID"],
            "query": {
                "filter": {"memberId": {"$hasSome": among(member_ids)["$in"]}},
                "sort": [{"fieldName": "id", "order": "ASC"}],
                "paging": {"limit": wire.MOST_ITEMS, "offset": offset},
            },
        },
        scope=wire.SCOPE_READ_BLOG,
    )
