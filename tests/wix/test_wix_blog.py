"""Who wrote which post: asked of a sandbox, and of a Wix that answers oddly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from scripted_wix import Reply, ScriptedWix
from wix_facts import ADA, API_KEY, BEN, Connect, member

from badgejobs import errors
from badgejobs.sandbox import builtin
from badgejobs.sandbox.faults.fields import parse_fault
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.history import seeds
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import World
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

pytest_plugins = ["wix_fixtures"]


def post(number: int, writer: str | None = ADA, **more: Any) -> dict[str, Any]:
    plain = {"id": f"d70e4b19-5c62-4f83-a0d7-{number:012x}", "referenceId": f"ref-{number}"}
    return plain | ({} if writer is None else {"memberId": writer}) | more


def posts(*records: object, total: int | None = None, key: str = "pagingMetadata") -> Reply:
    totals = {} if total is None else {"total": total}
    return Reply(body={"posts": records, key: {"count": len(records)} | totals})


def test_posts_are_named_as_comments_name_them_and_read_to_the_end() -> None:
    world = World(
        parse_installations(builtin.sites(1)), Options(query_lag_seconds=0, rate_limit_requests=0)
    )
    [site] = world.sites.values()
    written = [post(number, BEN if number % 5 else ADA) for number in range(260)]
    seeds.put(site, "posts", seeds.records("posts", [*written, post(999, None)]), 0.0)
    key = ApiKeyCredentials(api_key=builtin.API_KEY, site_id=builtin.site_id(1))
    with running(world) as url, WixClient(base_url=url, credentials=key, pace=lambda: None) as wix:
        assert wix.posts_of([ADA]) == {f"ref-{n}": ADA for n in range(0, 260, 5)}
        assert wix.calls == 1
        both = wix.posts_of([ADA, BEN, member(3), "no id"])
        assert both == {one["referenceId"]: one["memberId"] for one in written}
        assert wix.calls == 4
        assert wix.posts_of(["no id"]) == wix.posts_of([]) == {}
        assert wix.calls == 4


@pytest.fixture(scope="module")
def blog() -> Iterator[tuple[World, str]]:
    """A sandbox whose blog has three pages of posts by one member."""
    world = World(
        parse_installations(builtin.sites(1)), Options(query_lag_seconds=0, rate_limit_requests=0)
    )
    [site] = world.sites.values()
    seeds.put(site, "posts", seeds.records("posts", [post(n) for n in range(250)]), 0.0)
    with running(world) as url:
        yield world, url


@pytest.mark.parametrize("first_call", [1, 2])
@pytest.mark.parametrize(
    ("kind", "spoils"),
    [
        (FaultKind.DUPLICATED_ROWS, False),
        (FaultKind.REORDERED_ROWS, False),
        (FaultKind.UNKNOWN_FIELDS, False),
        (FaultKind.EMPTY_PAGE, True),
        (FaultKind.BROKEN_RECORD, True),
    ],
)
def test_whatever_happens_to_a_page_no_post_is_taken_for_absent(
    blog: tuple[World, str], kind: FaultKind, *, spoils: bool, first_call: int
) -> None:
    world, url = blog
    world.faults = type(world.faults)()
    fault = {"kind": kind.value, "path": wire.POSTS_QUERY, "firstCall": first_call}
    world.faults.add([parse_fault(fault, "fault")])
    key = ApiKeyCredentials(api_key=builtin.API_KEY, site_id=builtin.site_id(1))
    with WixClient(base_url=url, credentials=key, pace=lambda: None) as wix:
        if spoils:
            with pytest.raises(errors.Ambiguous):
                wix.posts_of([ADA])
        assert wix.posts_of([ADA]) == {f"ref-{n}": ADA for n in range(250)}


def test_members_are_asked_for_a_hundred_at_a_time(wix: ScriptedWix, connect: Connect) -> None:
    members = [f"{ADA[:-4]}{number:04}" for number in range(150)]
    wix.expect(wire.POSTS_QUERY, posts(post(1, members[3].upper()), total=1), posts(total=0))
    found = connect(credentials=API_KEY).posts_of(members)
    assert found == {"ref-1": members[3]}
    asked = [one.body["query"]["filter"]["memberId"]["$hasSome"] for one in wix.requests]
    assert asked == [members[:100], members[100:]]


@pytest.mark.parametrize("key", ["pagingMetadata", "metaData"])
@pytest.mark.parametrize("told", [True, False])
def test_pages_are_read_by_offset_whether_or_not_a_total_is_told(
    wix: ScriptedWix, connect: Connect, key: str, told: bool
) -> None:
    total = 3 if told else None
    wix.expect(
        wire.POSTS_QUERY,
        posts(post(1), post(2), total=total, key=key),
        posts(post(3), total=total, key=key),
        *([] if told else [posts(key=key)]),
    )
    assert set(connect(credentials=API_KEY).posts_of([ADA])) == {"ref-1", "ref-2", "ref-3"}
    offsets = [one.body["query"]["paging"]["offset"] for one in wix.requests]
    assert offsets == ([0, 2] if told else [0, 2, 3])


def test_a_blog_that_changes_while_it_is_read_is_read_another_time(
    wix: ScriptedWix, connect: Connect
) -> None:
    """A post that went pushed another one to where we had been."""
    wix.expect(wire.POSTS_QUERY, posts(post(1), post(2), total=4), posts(post(4), total=3))
    with pytest.raises(errors.Ambiguous, match="changed while it was read"):
        connect(credentials=API_KEY).posts_of([ADA])


def test_a_list_that_never_ends_is_not_followed(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.POSTS_QUERY, *[posts(post(1), post(2), total=9)] * 9)
    with pytest.raises(errors.Ambiguous, match="nothing new"):
        connect(credentials=API_KEY).posts_of([ADA])
    assert len(wix.requests) == 2


def test_posts_of_others_are_not_believed_and_one_without_reference_goes_by_its_id(
    wix: ScriptedWix, connect: Connect
) -> None:
    plain = post(2)
    del plain["referenceId"]
    wix.expect(wire.POSTS_QUERY, posts(post(1, BEN), plain, post(3, None), total=3))
    assert connect(credentials=API_KEY).posts_of([ADA]) == {plain["id"]: ADA}


def test_a_post_that_cannot_be_read_fails_the_whole(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.POSTS_QUERY, posts(post(1), post(2, memberId="ada"), total=2))
    with pytest.raises(errors.Ambiguous, match="a post cannot be read"):
        connect(credentials=API_KEY).posts_of([ADA])
