from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wix_signing import APP, BLOG, INSTANCE, comment_created

from badgejobs.core.source import Resources, Track
from badgejobs.intake.events import Change, changed
from badgejobs.intake.verify import Event

FORUM = "14724f35-6794-cd1a-0244-25fd138f9242"


def about(kind: str, data: dict[str, Any] | None = None, *, by_app: str | None = None) -> Event:
    return Event(kind=kind, instance=INSTANCE, data=data or {}, by_app=by_app)


def look(event: Event) -> Change | None:
    return changed(event, apps=(BLOG,), own_app=APP)


def on(*posts: str) -> Change:
    return Change(source="comments", resources=Resources(part=BLOG, ids=posts))


COMMENT = {"id": "c1", "appId": BLOG, "resourceId": "post-1", "contextId": "post-1"}


@pytest.mark.parametrize(
    ("slug", "data"),
    [
        ("comment_created", {"createdEvent": {"entity": COMMENT}}),
        ("comment_updated", {"updatedEvent": {"currentEntity": COMMENT}}),
        ("comment_deleted", {"deletedEvent": {"deletedEntity": COMMENT}}),
        ("comment_comment_published", {"actionEvent": {"body": {"comment": COMMENT}}}),
        ("comment_comment_hidden", {"actionEvent": {"body": {"comment": COMMENT}}}),
        (
            "comment_resource_comment_count_changed",
            {"actionEvent": {"body": {"appId": BLOG, "resourceId": "post-1"}}},
        ),
    ],
)
def test_an_event_about_a_comment_names_its_post(slug: str, data: dict[str, Any]) -> None:
    assert look(about(f"wix.comments.v2.{slug}", data)) == on("post-1")


def test_a_comment_that_was_moved_names_both_posts() -> None:
    body = {"comment": COMMENT, "destination": {"contextId": "post-0", "resourceId": "post-0"}}
    event = about("wix.comments.v2.comment_comment_moved", {"actionEvent": {"body": body}})
    assert look(event) == on("post-0", "post-1")


@pytest.mark.parametrize(
    ("slug", "data"),
    [
        ("comment_deleted", {"deletedEvent": {}}),
        ("comment_comment_content_changed", {"actionEvent": {"body": {"commentId": "c1"}}}),
    ],
)
def test_where_wix_names_no_post_the_numbers_are_asked(slug: str, data: dict[str, Any]) -> None:
    assert look(about(f"wix.comments.v2.{slug}", data)) == Change(source="comments")


def test_comments_of_an_app_that_does_not_count_are_nothing() -> None:
    event = about("wix.comments.v2.comment_created", comment_created("post-1", app=FORUM))
    assert look(event) is None


def test_an_app_is_named_as_the_settings_spell_it() -> None:
    event = about("wix.comments.v2.comment_created", comment_created("post-1", app=BLOG.upper()))
    assert look(event) == on("post-1")


@pytest.mark.parametrize(
    "name", [None, "", 7, ["post-1"], "p" * 129, "post\0", "post\ud800", {"a": 1}]
)
def test_a_name_that_cannot_be_a_post_is_not_written_down(name: Any) -> None:
    data = {"createdEvent": {"entity": {"appId": BLOG, "resourceId": name}}}
    assert look(about("wix.comments.v2.comment_created", data)) == Change(source="comments")


@pytest.mark.parametrize(
    "slug",
    ["created", "updated", "approved", "canceled", "payment_status_updated", "imported"],
)
def test_an_event_about_an_order_has_the_orders_read(slug: str) -> None:
    assert look(about(f"wix.ecom.v1.order_{slug}")) == Change(source="orders")


def test_an_event_about_a_member_brings_the_reading_of_all_members_forward() -> None:
    for slug in ("created", "updated", "deleted"):
        found = look(about(f"wix.members.v1.member_{slug}"))
        assert found == Change(source="membership", track=Track.FULL)


def test_a_badge_that_somebody_gave_or_took_has_the_ledger_compared() -> None:
    for slug in ("created", "deleted"):
        found = look(about(f"wix.badges.v4.badge_assignment_{slug}"))
        assert found == Change(source="reconcile")
    by_another = about("wix.badges.v4.badge_assignment_created", by_app=FORUM)
    assert look(by_another) == Change(source="reconcile")


def test_a_badge_that_we_gave_is_no_news() -> None:
    assert look(about("wix.badges.v4.badge_assignment_created", by_app=APP)) is None


@pytest.mark.parametrize(
    "kind",
    [
        "AppInstalled",
        "",
        ".",
        "wix.comments.v2",
        "wix.comments.v2.",
        "wix.comments.v3.comment_created",
        "wix.ecom.v1.cart_created",
        "wix.badges.v4.badge_created",
        "x.wix.ecom.v1.order_created",
    ],
)
def test_other_events_are_nothing(kind: str) -> None:
    assert look(about(kind, comment_created("post-1"))) is None


parts = st.sampled_from(
    ["createdEvent", "updatedEvent", "deletedEvent", "actionEvent", "entity", "body", "comment",
     "currentEntity", "deletedEntity", "destination", "appId", "resourceId"]
)  # fmt: skip
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | st.just(BLOG),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(parts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(parts, values))
def test_whatever_an_event_carries_only_posts_of_our_apps_come_of_it(data: dict[str, Any]) -> None:
    found = look(about("wix.comments.v2.comment_created", data))
    if found is not None and found.resources is not None:
        assert found.resources.part == BLOG
        assert 1 <= len(found.resources.ids) <= 2
        assert all(name.isprintable() for name in found.resources.ids)
