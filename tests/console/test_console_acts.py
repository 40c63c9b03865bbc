"""Acts: what is told of them while they last, when they end, and when the console is stopped."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from functools import partial
from typing import Any

import pytest
from ports_in_memory import ANA, BEN, InMemory
from structlog.testing import capture_logs
from visiting import Visitor, console, visiting

from badgejobs.console.turns import REMOVES_ACCESS, Asked, NeverBegun, Turns
from badgejobs.console.visits import Role, Visit


def notices(page: str) -> list[str]:
    return re.findall(r'role="status">([^<]+)<', page)


async def operator(visitor: Visitor, name: str = "Olga") -> None:
    await visitor.log_in()
    await visitor.become_operator(name)


def test_an_act_that_takes_long_goes_on_and_keeps_no_page_waiting() -> None:
    async def walk() -> None:
        ports = InMemory()
        ports.may_go_on.clear()
        async with visiting(console(ports, patience_seconds=0.05)) as visitor:
            await operator(visitor)
            response = await visitor.send("/sites/my-shop/retry")
            assert response.status == 303
            _, text = await visitor.get("/sites/my-shop")
            assert "my-shop: It takes a while, and goes on by itself" in text
            for _ in range(6):
                await visitor.get("/sites/my-shop")
            assert not ports.done
            ports.may_go_on.set()
            assert await asyncio.to_thread(ports.was_done.wait, 30)
        assert ports.done[0] == ("retry", "my-shop", "Olga")

    asyncio.run(walk())


def test_an_act_behind_another_is_not_begun_yet_and_later_pages_say_what_came_of_both() -> None:
    async def walk() -> None:
        ports = InMemory()
        ports.may_go_on.clear()
        async with visiting(console(ports, patience_seconds=0.05)) as visitor:
            await operator(visitor)
            member = await visitor.page_of(BEN)
            await visitor.send("/sites/my-shop/retry")
            await visitor.send(f"{member}/grant", note="the fair")
            first, second = notices((await visitor.get("/"))[1])
            assert "goes on by itself" in first
            assert second.startswith(f"Gold Member of {BEN}: It is not begun yet")
            ports.may_go_on.set()
            seen = list[str]()
            while len(seen) < 2:
                seen += notices(await visitor.told('role="status"'))
            assert seen == [
                "my-shop: Nothing is to be tried again.",
                f"Gold Member of {BEN}: Given; no rule takes it.",
            ]

    asyncio.run(walk())


def test_an_act_that_is_refused_after_the_browser_was_answered_is_told_and_logged() -> None:
    async def walk() -> None:
        ports = InMemory()
        ports.may_go_on.clear()
        async with visiting(console(ports, patience_seconds=0.05)) as visitor:
            await operator(visitor)
            member = await visitor.page_of(ANA, "silver")
            await visitor.send(f"{member}/revoke", note="spam")
            assert "goes on by itself" in (await visitor.get("/"))[1]
            ports.may_go_on.set()
            [told] = notices(await visitor.told("Not done"))
            assert told == f"silver of {ANA}: Not done: {REMOVES_ACCESS}"
            # who goes back to the form finds the box
            assert 'name="removes_access"' in (await visitor.get(f"{member}/revoke"))[1]

    with capture_logs() as logged:
        asyncio.run(walk())
    [line] = [one for one in logged if one["event"] == "act not done"]
    assert (line["act"], line["site"], line["badge"]) == ("revoke", "my-shop", "silver")
    assert ANA not in str(logged)


def test_a_stop_lets_the_act_at_work_end_and_says_which_were_never_begun() -> None:
    async def walk() -> None:
        ports = InMemory()
        ports.may_go_on.clear()
        async with visiting(console(ports)) as visitor:
            await operator(visitor)
            member = await visitor.page_of(ANA)
            at_work = _soon(visitor.send("/sites/my-shop/retry"))
            await asyncio.to_thread(ports.is_at_work.wait, 30)
            looks = ports.asked.count("badges")
            waits = _soon(visitor.send(f"{member}/grant", note="the fair"))
            while ports.asked.count("badges") == looks:
                await visitor.get("/runs")  # until the form has arrived
            stopping = _soon(visitor.client.server.close())
            dropped = await waits
            assert dropped.status == 503
            assert "stopped before it was begun, so nothing was done" in await dropped.text()
            assert not stopping.done()
            ports.may_go_on.set()
            assert (await at_work).status == 303
            await stopping
        assert ports.done == [("retry", "my-shop", "Olga")]

    with capture_logs() as logged:
        asyncio.run(walk())
    assert [(one["act"], one.get("badge")) for one in logged if "never begun" in one["event"]] == [
        ("grant", "gold")
    ]


def test_nothing_is_closed_under_an_act_whose_browser_was_answered() -> None:
    async def walk() -> None:
        ports, turns = InMemory(), Turns(patience_seconds=0.05)
        ports.may_go_on.clear()
        visit = Visit(role=Role.OPERATOR, who="Olga", ends_at=0)
        ask = partial(Asked, site="my-shop", subject="my-shop", visit=visit)
        retry = partial(ports.retry, "my-shop", who="Olga")
        answered = await turns.take(ask(act="retry", call=retry))
        assert "goes on by itself" in answered.text
        dropped = await turns.take(ask(act="scan", call=retry))
        assert "not begun yet" in dropped.text

        async def ask_on() -> None:
            while True:
                await turns.take(ask(act="scan", call=retry))

        closing = _soon(asyncio.to_thread(turns.close))
        with pytest.raises(NeverBegun):
            await ask_on()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(closing), 0.1)
        ports.may_go_on.set()
        await closing
        assert ports.done == [("retry", "my-shop", "Olga")]

    asyncio.run(walk())


def test_a_part_that_refreshes_itself_takes_no_notice_from_the_page_that_shows_it() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await operator(visitor)
            await visitor.send("/sites/my-shop/scan")
            for polled in ("/sites/my-shop/live", "/"):
                response, text = await visitor.get(polled, **{"HX-Request": "true"})
                assert response.status == 200
                assert not notices(text)
            await visitor.client.head("/")
            told = ["my-shop: orders: the workers were told."]
            assert notices((await visitor.get("/"))[1]) == told
            assert not notices((await visitor.get("/"))[1])

    asyncio.run(walk())


def test_what_came_of_an_act_names_badge_and_member_on_whatever_page_it_is_read() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await operator(visitor)
            await visitor.send(f"{await visitor.page_of(ANA)}/grant", note="the fair")
            told = [f"Gold Member of {ANA}: Given; no rule takes it."]
            assert notices((await visitor.get("/sites/bakery"))[1]) == told

    asyncio.run(walk())


def test_after_wix_says_that_a_badge_opens_pages_there_is_a_box_and_the_reason_is_kept() -> None:
    async def walk() -> None:
        ports = InMemory()
        async with visiting(console(ports)) as visitor:
            await operator(visitor)
            revoke = f"{await visitor.page_of(ANA, 'silver')}/revoke"
            box = 'name="removes_access"'
            assert box not in (await visitor.get(revoke))[1]
            response = await visitor.send(revoke, note="a slip")
            text = await response.text()
            assert response.status == 400
            assert REMOVES_ACCESS in text
            assert "--yes" not in text
            assert 'value="a slip"' in text
            assert box in text
            assert (await visitor.send(revoke, note="a slip", removes_access="yes")).status == 303
            assert ports.done == [("revoke", "my-shop", ANA, "silver", "Olga", "a slip")]

    asyncio.run(walk())


def test_a_site_whose_gate_is_shut_after_a_429_says_for_how_long_beside_its_budget() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.log_in()
            for page in ("/", "/sites/my-shop"):
                assert "paused for 42 s" in (await visitor.get(page))[1]
            assert "paused for" not in (await visitor.get("/sites/atelier"))[1]

    asyncio.run(walk())


def _soon(what: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(what)
