"""Comments by hand: posts that are named are read, and apps without comments are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from command_desk import INSTANCE, Desk, LiveWix

from badgejobs.sandbox.history import made_up
from badgejobs.sandbox.records.collection import Record
from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]

RULES = """\
version: 1
badges:
  - id: talker
    badge: {title: Talker}
    when: {count: comments, gte: 2}
"""


def comments(live_wix: LiveWix, *numbers: int, post: int, status: str = "PUBLISHED") -> None:
    site, now = live_wix.world.sites[INSTANCE], live_wix.world.clock()
    for number in numbers:
        body = made_up.comment(
            f"cccccccc-0000-4000-8000-{number:012d}", number=0, post=post, at=datetime.now(UTC)
        )
        site.comments.put(Record(body | {"status": status}, site.comments.fields), now)


@pytest.fixture
def talking(desk: Desk, live_wix: LiveWix) -> Desk:
    """A desk whose rules read comments, of which three were read."""
    desk.write("rules.yaml", RULES)
    comments(live_wix, 1, 2, 3, post=0)
    ended = desk.run("scan", "--foreground", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["activities"]["new"] == 3
    return desk


def test_a_post_that_is_named_is_read_though_no_number_tells_of_it(
    talking: Desk, live_wix: LiveWix
) -> None:
    comments(live_wix, 4, post=0)
    comments(live_wix, 1, post=0, status="HIDDEN")
    unseen = talking.run("scan", "shop", "comments", "--foreground", "--json")
    assert json.loads(unseen.out)["activities"] == {
        "seen": 0, "new": 0, "changed": 0, "quarantined": 0,
    }  # fmt: skip

    line = ["scan", "shop", "comments", "--resource", f"blog:{made_up.post_id(0)}"]
    line += ["--resource", f"{wire.COMMENT_APPS['blog']}:{made_up.post_id(9)}"]
    told = json.loads(talking.run(*line, "--json").out)
    assert told["rung"] is False
    told = json.loads(talking.run("scan", "shop", "comments", "--foreground", "--json").out)

    assert (told["activities"]["new"], told["activities"]["changed"]) == (1, 1)
    assert told["calls"]["by_path"][wire.COMMENTS_QUERY] == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--resource", "blog:p"], "name it, as in `scan SITE comments`"),
        (["shop", "comments", "--resource", "blog"], "is not APP:POST_ID, such as blog:"),
        (["shop", "comments", "--resource", "blog:"], "is not APP:POST_ID, such as blog:"),
        (["shop", "comments", "--resource", "forum:p"], "comment_apps of shop are: blog"),
    ],
)
def test_a_resource_that_cannot_be_read_is_refused_with_the_form(
    desk: Desk, options: list[str], says: str
) -> None:
    desk.write("rules.yaml", RULES)
    ended = desk.run("scan", *options)
    assert ended.code == 4, ended.err
    assert says in ended.err


def test_doctor_tells_how_many_comments_each_app_has_and_which_has_none(
    talking: Desk, live_wix: LiveWix
) -> None:
    text = (talking.folder / "badgejobs.toml").read_text(encoding="utf-8")
    talking.write("badgejobs.toml", f'{text}comment_apps = ["blog", "forum"]\n')

    told = json.loads(talking.run("doctor", "--json").out)["checks"]

    found = {one["check"]: one["finding"] for one in told}
    assert found["shop: comments of blog"] == "3 are published"
    assert (
        "nobody has commented yet, or the app is not installed"
        in (found["shop: comments of forum"])
    )
