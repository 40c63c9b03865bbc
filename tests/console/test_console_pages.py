"""What pages say, and what they never say."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import date, timedelta

import pytest
from ports_in_memory import EVIL, MEMBERS, NOW, InMemory
from visiting import Visitor, console, visiting

from badgejobs.console import charts
from badgejobs.core.overview import Day


def test_no_address_on_any_page_names_a_member_and_no_log_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.log_in()
            await visitor.become_operator()
            pages = await visitor.all_pages()
            assert sum("/members/" in one for one in pages) > 8
            shown = " ".join(pages.values())
            assert all(one in shown for one in MEMBERS)
            addresses = [*pages, *re.findall(r'(?:href|action|src|hx-\w+)="([^"]*)"', shown)]
            assert not [a for a in addresses for one in MEMBERS if one in a]

            over = await visitor.send("/sites/my-shop/members", member=MEMBERS[0], badge="gold")
            assert MEMBERS[0] not in over.headers["Location"]
            gone, text = await visitor.get("/sites/my-shop/members/0123456789/gold")
            assert gone.status == 410
            assert "once more" in text

    caplog.set_level(logging.DEBUG)
    asyncio.run(walk())
    assert not [one for one in MEMBERS if one in caplog.text]


def test_what_others_wrote_is_text_on_every_page() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory(title=EVIL, reason=EVIL))) as visitor:
            await visitor.log_in()
            await visitor.become_operator(EVIL)
            pages = await visitor.all_pages()
            pages["search"] = (await visitor.get("/", q=EVIL))[1]
            response = await visitor.send("/sites/my-shop/members", member=EVIL, badge=EVIL)
            pages["form"] = await response.text()
            pages["no badge"] = (await visitor.get("/sites/my-shop/badges/%3Cscript%3E"))[1]
            for address, text in pages.items():
                assert "<img" not in text, address
                scripts = re.findall(r"<script[^>]*>", text)
                assert all('src="/static/' in one for one in scripts), address
                assert not re.search(r'\son\w+="|\sstyle="|<style|javascript:', text), address

    asyncio.run(walk())


def test_a_page_with_nothing_on_it_says_why() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory(is_empty=True))) as visitor:
            await visitor.log_in()
            pages = await visitor.all_pages()
            told = {
                "/": "There is no site yet",
                "/runs": "Nothing ran yet",
                "/runs?failed=1": "No run failed",
            }
            for address, sentence in told.items():
                assert sentence in pages[address]
            for part, sentence in (
                ("", "No badge is known yet"),
                ("", "Nothing was given or taken"),
                ("", "Nobody has looked yet"),
                ("", "No award has changed yet"),
                ("/drift", "No difference was found"),
                ("/quarantine", "Nothing is kept aside"),
                ("/members", "nothing to explain"),
            ):
                _, text = await visitor.get(f"/sites/my-shop{part}")
                assert sentence in text

    asyncio.run(walk())


def test_every_answer_forbids_other_scripts_frames_and_keeping_and_errors_do_too() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            closed, _ = await visitor.get("/")
            await visitor.log_in()
            known = ("/", "/sites/no-such-site", "/nowhere", "/sites/my-shop/badges/none")
            answers = [closed, *[(await visitor.get(address))[0] for address in known]]
            answers.append(await visitor.send("/sites/my-shop/retry", form="wrong"))
            answers.append(await visitor.send("/log-in", password="x" * 100_000))
            elsewhere, text = await visitor.get("/", Host="badges.attacker.example")
            assert "console.hosts" in text
            answers.append(elsewhere)
            assert [one.status for one in answers] == [303, 200, 404, 404, 404, 403, 413, 421]
            for one in answers:
                policy = one.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert one.headers["Cache-Control"] == "no-store"
                assert one.headers["X-Content-Type-Options"] == "nosniff"
                assert one.headers["Server"] == "badgejobs"

    asyncio.run(walk())


def test_lists_go_on_where_the_page_before_ended() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.log_in()
            _, first = await visitor.get("/")
            assert 'id="site-cycles"' in first
            [following] = re.findall(r'href="([^"]+)">Next page', first)
            _, second = await visitor.get(following)
            assert "First page" in second
            assert 'id="site-my-shop"' in second
            assert "/sites/cycles" not in second

            _, found = await visitor.get("/?q=bak")
            assert re.findall(r'<a id="site-([^"]+)"', found) == ["bakery"]

    asyncio.run(walk())


@pytest.mark.parametrize("odd", ["%00", "my%00shop", "My-Shop", "a" * 64, "%ED%A0%80", "%C3%BC"])
def test_of_what_can_be_no_name_the_record_is_not_asked(odd: str) -> None:
    async def walk() -> None:
        async with visiting(console(ports := InMemory())) as visitor:
            await visitor.log_in()
            await visitor.become_operator()
            await visitor.get("/sites/my-shop/members")
            found = await visitor.send("/sites/my-shop/members", member=MEMBERS[0], badge="gold")
            member = found.headers["Location"].removesuffix("/gold")
            ports.asked.clear()
            for address in (
                f"/sites/{odd}",
                f"/sites/{odd}/live",
                f"/sites/{odd}/runs",
                f"/sites/{odd}/members",
                f"/sites/{odd}/scan",
                f"/sites/my-shop/badges/{odd}",
                f"{member}/{odd}",
                f"{member}/{odd}/grant",
                f"{member}{odd}/gold",
            ):
                for response in (await visitor.get(address))[0], await visitor.send(address):
                    assert response.status == 404, address
                    assert "There is no such page." in await response.text()
            assert not ports.asked
            assert not ports.done

    asyncio.run(walk())


def test_what_is_fresher_than_the_totals_is_known_up_to_now_and_not_to_come() -> None:
    async def walk() -> None:
        ports = InMemory(totals_at=NOW - timedelta(minutes=2, seconds=5))
        async with visiting(console(ports)) as visitor:
            await visitor.log_in()
            _, text = await visitor.get("/?q=atelier")
            [told] = re.findall(r'data-label="Known up to"><time[^>]*>([^<]*)<', text)
            assert told == "just now"

    asyncio.run(walk())


def test_the_log_in_says_where_the_password_is_and_not_that_somebody_saw_it() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            _, text = await visitor.get("/log-in")
            assert "printed" not in text
            for place in ("console.password", "console.password_file", "_CONSOLE__PASSWORD"):
                assert f"{place}</code>" in text

    asyncio.run(walk())


def test_charts_hold_no_script_no_style_and_no_address_and_tell_their_numbers() -> None:
    begin = date(2026, 8, 1)
    days = tuple(Day(day=begin + timedelta(days=n), given=n, taken=1) for n in range(60))
    drawn = [
        charts.given_and_taken(days),
        charts.standing(days, 5000),
        charts.steps(tuple(range(11))),
    ]
    for one in drawn:
        assert set(re.findall(r"<(\w+)", one)) <= {"svg", "g", "rect", "path", "text", "title"}
        assert not re.search(r"https?:|href|style=|\son\w+=|id=", one)
    assert "<title>29 Sep: 59 given</title>" in drawn[0]
    assert "<title>earned: 10</title>" in drawn[2]
    assert charts.given_and_taken(())
    assert charts.counted_back(days, 5000)[-1] == 5000


def test_a_search_or_a_password_that_is_odd_is_answered_all_the_same() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await _odd(visitor)

    asyncio.run(walk())


async def _odd(visitor: Visitor) -> None:
    for odd in ("\0", "ü" * 500, "\ud7ff", "' OR 1=1 --"):
        await visitor.get("/log-in")
        assert (await visitor.send("/log-in", password=odd)).status == 403
    await visitor.client.post("/log-in", data=b"\xff\xfe=%zz")
    visitor.client.session.cookie_jar.update_cookies({"badgejobs-console": "nonsense"})
    response, _ = await visitor.get("/")
    assert response.status == 303
