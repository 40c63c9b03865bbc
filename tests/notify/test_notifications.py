"""Those outside are told once of each award that is news, whatever fails in between."""

from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jobs_stage import FIRST_AND_THIRD, NORTH, member_id, rewrite
from listeners import SECRET, Mailbox, Receiver
from notify_stage import MakeShop, MakeStage, by_mail, by_webhook
from structlog.testing import capture_logs

from badgejobs.core.notification import Came, Channel, Notification
from badgejobs.jobs import work
from badgejobs.jobs.notifying import notify_now
from badgejobs.notify import Webhook
from badgejobs.notify.templating import Templates

pytest_plugins = ["jobs_fixtures", "notify_fixtures"]

FIRST = FIRST_AND_THIRD.partition("  - id: third")[0]


def test_a_live_award_is_told_once_and_a_backfill_not_at_all(
    make_shop: MakeShop, receiver: Receiver
) -> None:
    shop = make_shop(before=2, **by_webhook(receiver))
    assert len(shop.shops.given()) == 2
    assert shop.rows() == []

    shop.buys(7)
    first, again = shop.tells(), shop.tells()

    assert (first.numbers["told"], again.numbers["told"]) == (1, 0)
    [(name, event)] = receiver.seen
    [row] = shop.rows()
    assert name == row.id
    assert (event["type"], event["schema"]) == ("badge.given", 1)
    data = event["data"]
    assert (data["site"], data["badge"], data["badge_title"]) == (
        NORTH, "first-purchase", "First Purchase",
    )  # fmt: skip
    assert (data["member_id"], data["period"]) == (member_id(7), 1)
    assert data["earned_at"].endswith("Z")
    assert data["given_at"].endswith("Z")
    assert row.sent_at
    assert shop.alerts() == []


def test_what_is_taken_is_told_where_that_is_asked_for_and_what_comes_back_is_silent(
    make_shop: MakeShop, receiver: Receiver
) -> None:
    taken_back = "    lifecycle: {revoke: when_unmet}\n"
    shop = make_shop(rules=FIRST + taken_back, **by_webhook(receiver, on=("given", "taken")))
    shop.buys(1)
    shop.refunds()
    assert shop.shops.given() == []
    shop.buys(1)
    shop.later(minutes=3)
    shop.looks()
    assert len(shop.shops.given()) == 1
    shop.tells()
    assert [event["type"] for _, event in receiver.seen] == ["badge.given", "badge.taken"]
    assert len(set(receiver.ids)) == 2


def test_rules_say_of_a_badge_what_is_told_of_it_and_new_ones_tell_nothing_of_the_past(
    make_shop: MakeShop, receiver: Receiver
) -> None:
    shop = make_shop(before=1, **by_webhook(receiver))
    badges = {"loud": "backfill: {notify: true}", "mute": "notify: {award: false}", "new": ""}
    rules = "version: 1\nbadges:\n" + "".join(
        f"  - id: {name}\n    badge: {{title: {name}}}\n"
        f"    when: {{count: orders, gte: 1}}\n    {more}\n"
        for name, more in badges.items()
    )
    rewrite(shop.house, rules)
    work.run_provision(shop.house, NORTH, by="test")
    work.run_assign(shop.house, NORTH, by="test")
    assert len(shop.shops.given()) == 4
    assert [one.badge for one in shop.rows()] == ["loud"], "the past of the others is silent"
    shop.buys(2)
    assert sorted(one.badge for one in shop.rows()) == ["loud", "loud", "new"]


def test_where_nobody_is_to_be_told_no_row_is_written(make_stage: MakeStage) -> None:
    stage = make_stage()
    stage.happens(1)
    assert stage.rows() == []


def test_who_is_away_is_tried_again_with_growing_pauses_by_the_same_id_then_given_up(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver, give_up_hours=1))
    receiver.answers = [(500, {}), (302, {"Location": receiver.url + "/x"}), *[(503, {})] * 20]
    stage.happens(7)
    waits, before = list[float](), stage.time()
    for _ in range(20):
        stage.tells()
        [row] = stage.rows()
        if row.due_at is None:
            break
        waits.append((row.due_at - before).total_seconds())
        stage.time.by += row.due_at - stage.time() + timedelta(seconds=1)
        before = stage.time()

    assert row.is_given_up
    assert row.last_error == "answered 503"
    assert len(set(receiver.ids)) == 1
    assert len(receiver.ids) == row.tries == len(waits) + 1
    assert waits == sorted(waits)
    assert sum(waits) <= 1.25 * 3600
    assert stage.alerts() == ["not told webhook"]

    receiver.answers = []
    with stage.house.store.begin() as tx:
        assert tx.notifications.revive(NORTH) == 1
    assert stage.tells().numbers["told"] == 1
    assert len(set(receiver.ids)) == 1
    assert stage.alerts() == []


def test_one_event_that_always_fails_does_not_hold_up_the_others(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver))
    poison = member_id(1)
    receiver.by_event = lambda event: 500 if event["data"]["member_id"] == poison else None
    stage.happens(1, 2, 3)
    numbers = stage.tells().numbers
    assert (numbers["told"], numbers["failed"]) == (2, 1)
    assert [one.member_id for one in stage.rows() if not one.sent_at] == [poison]


def test_a_receiver_that_is_away_costs_two_requests_a_round_however_much_is_due(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver))
    receiver.by_event = lambda _: 500
    stage.happens(*range(1, 61))
    assert stage.tells().numbers["failed"] == 60
    assert stage.tells().numbers["failed"] == 0
    assert len(receiver.seen) == 2
    assert {one.tries for one in stage.rows()} == {1}
    receiver.by_event = lambda _: None
    stage.later(minutes=1)
    assert stage.tells().numbers["told"] == 60


def test_after_the_time_to_try_all_that_is_due_is_given_up_not_only_what_is_in_hand(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver, give_up_hours=1))
    receiver.by_event = lambda _: 500
    stage.happens(*range(1, 41))
    for _ in range(7):
        stage.tells()
        stage.later(hours=1)
    assert all(one.is_given_up for one in stage.rows())
    assert {one.tries for one in stage.rows()} == {7}
    assert len(receiver.seen) == 14
    assert stage.alerts() == ["not told webhook"]


def test_410_switches_the_channel_off_until_a_person_says_otherwise(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver))
    receiver.answers = [(410, {})]
    stage.happens(1, 2)
    stage.tells()
    stage.happens(3)
    stage.tells()
    assert len(receiver.seen) == 1
    assert [one.is_given_up for one in stage.rows()] == [True] * 3
    assert stage.alerts() == ["channel switched off webhook"]


def test_429_is_waited_for_as_long_as_the_receiver_asks(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver))
    receiver.answers = [(429, {"Retry-After": "600"})]
    stage.happens(*range(1, 26))
    for _ in range(2):
        stage.tells()
        assert len(receiver.seen) == 1, "nor is it asked for what lies beyond the first batch"
    due = [one.due_at - stage.time() for one in stage.rows() if one.due_at]
    assert all(timedelta(minutes=9) < one <= timedelta(minutes=12.5) for one in due), due
    stage.later(minutes=13)
    assert stage.tells().numbers["told"] == 25


def test_who_lets_us_wait_in_vain_is_asked_for_nothing_new_for_a_while_and_then_for_all(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver, webhook_timeout_seconds=1))
    receiver.hang = threading.Event()
    stage.happens(1)
    failed = stage.tells()
    assert failed.numbers["failed"] == 1
    assert failed.error, "a failure, of which few are out at once"
    [row] = stage.rows()
    assert row.last_error.startswith("no answer")
    stage.later(seconds=3)
    assert stage.tells().numbers["failed"] == 0
    stage.happens(2)
    stage.tells()
    assert receiver.ids == [row.id]
    receiver.hang.set()
    receiver.hang = None
    stage.later(minutes=2)
    assert stage.tells().numbers["told"] == 2
    assert receiver.ids == [row.id, row.id, stage.rows()[1].id]
    stage.happens(3)
    assert stage.tells().numbers["told"] == 1, "at once again"


def test_a_warning_that_not_all_were_told_names_the_run(
    make_stage: MakeStage, receiver: Receiver
) -> None:
    stage = make_stage(**by_webhook(receiver, webhook_timeout_seconds=1))
    receiver.hang = threading.Event()
    stage.happens(1)
    with capture_logs() as logs:
        outcome = notify_now(stage.house, NORTH, by="test")
    receiver.hang.set()
    assert outcome
    assert outcome.run
    [warned] = [one for one in logs if one["event"] == "not all were told"]
    assert (warned["run"], warned["site"]) == (outcome.run, NORTH)
    assert warned["error"] == outcome.error


def test_a_worker_lost_between_telling_and_settling_is_followed_by_the_same_id_again(
    make_stage: MakeStage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = make_stage(**by_webhook(receiver))
    stage.happens(1)

    class Killed(BaseException):
        pass

    post = Webhook.post

    def dies(self: Webhook, message_id: str, content: bytes) -> None:
        post(self, message_id, content)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Webhook, "post", dies)
        with pytest.raises(Killed):
            stage.tells()
    with stage.house.store.begin() as tx:
        claimed = tx.notifications.claim(
            NORTH, Channel.WEBHOOK, limit=9, holds=timedelta(seconds=1)
        )
    assert claimed == [], "it is in the hand of the one that was lost"
    stage.later(hours=1)
    assert stage.tells().numbers["told"] == 1
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_an_event_is_made_once_and_only_its_delivery_is_repeated_with_the_same_id(
    make_stage: MakeStage, receiver: Receiver, mailbox: Mailbox
) -> None:
    both = by_webhook(receiver, on=("given", "taken")) | by_mail(mailbox)
    stage = make_stage(**both)
    for period in (1, 1, 2, 2):
        for taken in (False, True):
            stage.happens(1, period=period, taken=taken)
    rows = stage.rows()
    assert sorted((one.period, one.event.value, one.channel.value) for one in rows) == sorted(
        (period, event, channel)
        for period in (1, 2) for event in ("given", "taken") for channel in ("webhook", "mail")
    ), "one of each, however often it is noted"  # fmt: skip
    ids = {one.id for one in rows if one.channel is Channel.WEBHOOK}
    assert len({one.id for one in rows}) == len(rows)

    # what is taken by the receiver, and never answered
    receiver.hang = threading.Event()
    receiver.hang.set()
    mailbox.refuse = "451 not now"
    for _ in range(2):
        stage.later(hours=25)
        stage.tells()
    assert set(receiver.ids) <= ids
    assert all(one.sent_at is None for one in stage.rows())
    lost, receiver.hang, mailbox.refuse = list(receiver.seen), None, ""
    with stage.house.store.begin() as tx:
        tx.notifications.revive(NORTH, with_open=True)
    stage.tells()
    assert set(receiver.ids) == ids
    bodies = dict(lost)
    assert bodies, "some of them were delivered before"
    again = dict(receiver.seen[len(lost) :])
    assert {name: again[name] for name in bodies} == bodies, "the same event under the same id"
    [_] = mailbox.mails

    stage.happens(1)
    stage.happens(1, taken=True)
    stage.later(hours=25)
    assert stage.tells().numbers["told"] == 0
    assert [one.id for one in stage.rows()] == [one.id for one in rows], "nothing is made anew"


def test_a_claim_that_ran_out_settles_nothing(make_stage: MakeStage, receiver: Receiver) -> None:
    stage = make_stage(**by_webhook(receiver))
    stage.happens(1)
    with stage.house.store.begin() as tx:
        slow = tx.notifications.claim(NORTH, Channel.WEBHOOK, limit=9, holds=timedelta(seconds=5))
    stage.later(seconds=6)
    with stage.house.store.begin() as tx:
        [other] = tx.notifications.claim(
            NORTH, Channel.WEBHOOK, limit=9, holds=timedelta(seconds=5)
        )
        assert tx.notifications.put_off([(slow[0], None, "late", True)]) == 0
        assert tx.notifications.told([other]) == 1


def test_quiet_hours_postpone_and_never_drop(make_stage: MakeStage, receiver: Receiver) -> None:
    now = datetime.now(UTC)
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=2)
    stage = make_stage(**by_webhook(receiver, quiet_hours=f"{begins:%H:%M}-{ends:%H:%M}"))
    stage.happens(1)
    [row] = stage.rows()
    assert row.due_at == ends.replace(second=0, microsecond=0)
    stage.tells()
    assert receiver.seen == []
    stage.later(hours=2, minutes=1)
    assert stage.tells().numbers["told"] == 1


def test_a_digest_is_one_mail_for_a_period_and_none_where_nothing_happened(
    make_stage: MakeStage, mailbox: Mailbox
) -> None:
    at = (datetime.now(UTC) + timedelta(minutes=30)).strftime("%H:%M")
    stage = make_stage(**by_mail(mailbox, digest_at=at))
    stage.happens(1, 2)
    stage.happens(2, badge="third-purchase")
    stage.tells()
    assert mailbox.mails == []

    stage.later(hours=1)
    mailbox.refuse = "451 not now, owner@shop.example"
    assert stage.tells().numbers["failed"] == 3
    assert all("owner@" not in one.last_error for one in stage.rows())
    assert all("451" in one.last_error for one in stage.rows())
    assert len({one.due_at for one in stage.rows()}) == 1, "else they would come as several mails"
    mailbox.refuse = ""
    stage.later(minutes=2)
    assert stage.tells().numbers["told"] == 3
    stage.later(days=1)
    stage.tells()

    [mail] = mailbox.mails
    assert mailbox.recipients == [["owner@shop.example", "ops@shop.example"]]
    assert mail["Subject"] == "north: 3 badges given"
    assert mail["Message-ID"].endswith("@shop.example>")
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert part.count(member_id(2)) == 2
        assert "first-purchase" in part
        assert "third-purchase" in part


def test_a_broken_template_names_file_and_line_and_loses_nothing(
    make_stage: MakeStage, receiver: Receiver, tmp_path: Path
) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    template = folder / "webhook.json.j2"
    template.write_text('{"who":\n {{ data.member_ids | tojson }}}')
    stage = make_stage(**by_webhook(receiver, templates=folder))
    stage.happens(1)
    stage.tells()
    assert receiver.seen == []
    [row] = stage.rows()
    assert f"{template}:2: the template cannot be used" in row.last_error
    assert row.tries == 0
    assert stage.alerts() == ["not told webhook"]

    template.write_text('{"who": {{ data.member_id | tojson }}}')
    stage.later(minutes=11)
    assert stage.tells().numbers["told"] == 1
    assert [event for _, event in receiver.seen] == [{"who": member_id(1)}]
    assert stage.alerts() == []


def test_html_of_a_digest_is_escaped_and_a_subject_is_one_line(tmp_path: Path) -> None:
    templates = Templates()
    rendered = templates.rendered(
        "digest.html.j2",
        {
            "site": "a<b>",
            "counts": [],
            "rows": [],
            "more": 0,
            **dict.fromkeys(("since", "until", "timezone"), "<x>"),
        },
    )
    assert "a&lt;b&gt;" in rendered
    assert "<x>" not in rendered


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://hooks.example/x", ["10.0.0.7"]),
        ("https://hooks.example/x", ["93.184.216.34", "::ffff:169.254.169.254"]),
        ("https://hooks.example/x", ["127.0.0.1"]),
        ("https://192.168.1.1/x", []),
        ("https://[fd00::1]/x", []),
    ],
)
def test_a_private_address_is_not_connected_to(url: str, found: list[str]) -> None:
    webhook = Webhook(
        url=url,
        keys=(b"k" * 32,),
        seconds=2,
        templates=Templates(),
        resolve=lambda _host, _port: found,
    )
    assert "private address" in webhook.post("msg_1", b"{}").text


def test_a_url_that_cannot_be_asked_is_a_failure_and_no_fault_of_ours() -> None:
    for host in ("exa mple.com", "a..b", f"{'a' * 64}.example"):
        webhook = Webhook(
            url=f"https://{host}/x", keys=(b"k" * 32,), seconds=2, templates=Templates()
        )
        assert webhook.post("msg_1", b"{}").came is Came.FAILED


def test_both_secrets_of_a_rotation_sign_and_neither_is_shown(receiver: Receiver) -> None:
    webhook = Webhook(
        url=receiver.url,
        keys=(b"newer-key-newer-key-newer", base64.b64decode(SECRET[6:])),
        seconds=5,
        templates=Templates(),
    )
    assert webhook.post("msg_1", b"{}").status == 204
    assert "newer-key" not in repr(webhook)
    assert receiver.url not in repr(webhook)


def test_ids_differ_wherever_anything_differs() -> None:
    def of(**told: object) -> str:
        values = {
            "row": 1, "site": "a", "member_id": "m", "badge": "b", "period": 1,
            "channel": "webhook", "event": "given", "made_at": datetime(2026, 1, 1, tzinfo=UTC),
        }  # fmt: skip
        return Notification(**values | told).id  # type: ignore[arg-type]

    assert of() == of(row=2)
    assert len({of(), of(site="c"), of(member_id="n"), of(period=2), of(channel="mail")}) == 5
