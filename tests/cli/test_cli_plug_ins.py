"""Commands where plug-ins are installed: by pip, or as pip leaves them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_desk import INSTANCE, RULES, Desk, LiveWix, member_id
from distributions import REVIEWS, install, plain

from badgejobs.sandbox.records.collection import Record

pytestmark = pytest.mark.slow

pytest_plugins = ["cli_fixtures"]

CRITIC = """\
  - id: critic
    badge: {title: Critic}
    when: {count: reviews, gte: 2}
"""
QUIZZER = """\
version: 1
badges:
  - id: quizzer
    badge: {title: Quizzer}
    when: {count: quizzes, gte: 1}
"""
CASES = """\
rules: rules.yaml
cases:
  - name: one is enough
    activities:
      - {source: quizzes, id: q1, member: ada, at: 2026-01-05T12:00Z}
    expect:
      - as_of: 2026-01-06T12:00Z
        badges: {ada: quizzer}
"""


def reviewed(live_wix: LiveWix, member: int, times: int) -> None:
    """A member, who is a contact of another id, writes so many reviews."""
    site, now = live_wix.world.sites[INSTANCE], live_wix.world.clock()
    contact = member_id(member).replace("b", "a")

    def put(kind: str, **body: Any) -> None:
        shelf = getattr(site, kind)
        shelf.put(Record(body, shelf.fields), now)

    put("members", id=member_id(member), contactId=contact, status="APPROVED")
    for number in range(times):
        put(
            "reviews",
            id=member_id(100 * member + number).replace("b", "e"),
            author={"contactId": contact},
            moderation={"moderationStatus": "APPROVED"},
            createdDate="2026-01-05T12:00:00.000Z",
            updatedDate="2026-01-05T12:00:00.000Z",
        )


@pytest.mark.slow
def test_the_worked_example_is_installed_by_pip_and_its_badge_arrives(
    desk: Desk, live_wix: LiveWix, tmp_path: Path
) -> None:
    target = tmp_path / "site-packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    into = ["--no-build-isolation", "--target", str(target), str(REVIEWS)]
    subprocess.run([*pip, *into], check=True, timeout=300, cwd=tmp_path)
    here = {"PYTHONPATH": str(target)}
    rules = desk.write("rules.yaml", RULES + CRITIC)
    live_wix.buys(1, 1)
    reviewed(live_wix, 1, 2)
    reviewed(live_wix, 2, 1)

    without = desk.run_apart("rules", "check", str(rules))
    assert without.code == 4
    assert "'reviews' is not a known source" in without.err
    checked = desk.run_apart("rules", "check", str(rules), **here)
    assert checked.code == 0, checked.err
    told = json.loads(desk.run_apart("doctor", "--json", **here).out)
    assert told["ok"], told
    findings = {one["check"]: one["finding"] for one in told["checks"]}
    assert findings["plug-ins"] == "reviews of badgejobs-reviews 0.1.0"
    synced = desk.run_apart("sync", "shop", "--json", **here)
    assert synced.code == 0, synced.err
    assert json.loads(synced.out)["activities"]["seen"] >= 4
    site = live_wix.world.sites[INSTANCE]
    titles = {one.id: one.body["title"] for one in site.badges.current.values()}
    given = {(one.body["memberId"], titles[one.body["badgeId"]])
             for one in site.assignments.current.values()}  # fmt: skip
    assert given == {(member_id(1), "First Purchase"), (member_id(1), "Critic")}


def test_rules_commands_know_what_is_installed(tmp_path: Path, lonely_desk: Desk) -> None:
    shelf = tmp_path / "packages"
    module = {"quizzes_of_ours": plain("quizzes")}
    install(shelf, "quiz-plug", points={"quizzes": "quizzes_of_ours:Source"}, modules=module)
    here = {"PYTHONPATH": str(shelf)}
    rules = lonely_desk.write("rules.yaml", QUIZZER)
    cases = lonely_desk.write("shop.cases.yaml", CASES)
    log = lonely_desk.write("log.csv", "member,source,id,at\nada,quizzes,1,2026-01-05T12:00Z\n")

    for command in (
        ["check", str(rules)],
        ["describe", str(rules)],
        ["show"],
        ["test", str(cases)],
    ):
        ended = lonely_desk.run_apart("rules", *command, **here)
        assert ended.code == 0, (command, ended.err)
    asked = ["eval", str(rules), "--activities", str(log), "--as-of", "2026-01-06T12:00Z", "--json"]
    ended = lonely_desk.run_apart("rules", *asked, **here)
    assert json.loads(ended.out)["met"] is True, ended.err
    schema = lonely_desk.run_apart("rules", "schema", **here).out
    assert '"quizzes"' in schema
    assert '"quizzes"' not in lonely_desk.run_apart("rules", "schema").out


def test_a_plug_in_that_cannot_be_used_is_told_where_rules_read_it_and_nowhere_else(
    tmp_path: Path, desk: Desk
) -> None:
    shelf = tmp_path / "packages"
    broken = {"quizzes_that_fail": "import a_module_that_nobody_has"}
    install(shelf, "quiz-plug", points={"quizzes": "quizzes_that_fail:Source"}, modules=broken)
    install(shelf, "bad-plug", points={"orders": "x:Source", "assign": "x:Source"}, modules={})
    here = {"PYTHONPATH": str(shelf)}
    rules = desk.write("rules.yaml", RULES)
    plain_rules = desk.run_apart("rules", "check", str(rules), **here)
    assert plain_rules.code == 0
    assert plain_rules.err.count("bad-plug 1.0 is left out") == 2
    assert desk.run_apart("doctor", **here).code == 0

    rules = desk.write("rules.yaml", RULES + QUIZZER.partition("badges:\n")[2])
    ended = desk.run_apart("rules", "check", str(rules), **here)
    assert ended.code == 4
    assert "the source 'quizzes' of quiz-plug 1.0 cannot be imported" in ended.err
    told = json.loads(desk.run_apart("doctor", "--json", **here).out)
    wrong = [one["check"] for one in told["checks"] if not one["ok"]]
    assert "shop: rules" in wrong
    synced = desk.run_apart("sync", "shop", "--json", **here)
    assert synced.code == 4
    assert "quiz-plug 1.0" in json.loads(synced.out)["error"]
