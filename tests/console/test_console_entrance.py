"""Who is let in: nobody by default, and to act only by the operator's token."""

from __future__ import annotations

import asyncio
import re

import pytest
from ports_in_memory import ANA, InMemory
from visiting import PASSWORD, TOKEN, Visitor, console, visiting

from badgejobs.console.guessing import FREE, Guessing


def test_nothing_is_shown_and_nothing_asked_of_anybody_before_a_log_in() -> None:
    async def walk() -> None:
        ports = InMemory()
        app = console(ports)
        addresses = [
            re.sub(r"\{\w+\}", "gold", one.canonical)
            for one in app.router.resources()
            if not one.canonical.startswith(("/log-in", "/static"))
        ]
        async with visiting(app) as visitor:
            for address in [*addresses, "/nowhere"]:
                for method in ("GET", "POST"):
                    response = await visitor.client.request(method, address, allow_redirects=False)
                    assert response.status == 303, (method, address)
                    assert response.headers["Location"] == "/log-in"
            part, _ = await visitor.get("/sites/my-shop/live", **{"HX-Request": "true"})
            assert (part.status, part.headers["HX-Refresh"]) == (401, "true")
        assert len(addresses) > 12
        assert not ports.asked
        assert not ports.done

    asyncio.run(walk())


def test_a_log_in_leads_to_the_page_asked_for_and_a_log_out_ends_it_for_a_kept_cookie_too() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.get("/sites/my-shop")
            before = _cookie(visitor)
            await visitor.get("/log-in")
            response = await visitor.send("/log-in", password=PASSWORD)
            assert response.headers["Location"] == "/sites/my-shop"
            told = response.headers["Set-Cookie"]
            assert "HttpOnly" in told
            # links from a mail or a chat find the visitor logged in; see also the browser's tests
            assert "SameSite=Lax" in told
            kept = _cookie(visitor)
            assert kept != before
            page, _ = await visitor.get("/")
            assert page.status == 200

            await visitor.send("/log-out")
            visitor.client.session.cookie_jar.update_cookies({"badgejobs-console": kept})
            page, _ = await visitor.get("/")
            assert page.status == 303

    asyncio.run(walk())


def test_a_log_in_anew_ends_the_visit_before_for_a_copied_cookie_too() -> None:
    async def walk() -> None:
        app = console(InMemory())
        async with visiting(app) as visitor, visiting(app) as thief:
            await visitor.log_in()
            await visitor.become_operator("Olga")
            thief.client.session.cookie_jar.update_cookies({"badgejobs-console": _cookie(visitor)})
            page, text = await thief.get("/")
            assert (page.status, "operator: Olga" in text) == (200, True)

            await visitor.log_in()
            page, _ = await thief.get("/")
            assert page.status == 303
            page, text = await visitor.get("/")
            assert (page.status, "operator: Olga" in text) == (200, False)

    asyncio.run(walk())


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/apple-touch-icon.png", {}),
        ("/sites/%00", {}),
        ("/log-out", {}),
        ("/sites/bakery", {"Sec-Fetch-Dest": "image"}),
        ("/sites/bakery", {"Sec-Fetch-Dest": "empty"}),
    ],
)
def test_a_log_in_leads_to_what_a_person_asked_for_and_not_to_what_their_browser_did(
    address: str, headers: dict[str, str]
) -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.get("/sites/my-shop", **{"Sec-Fetch-Dest": "document"})
            await visitor.get("/log-in")
            response, _ = await visitor.get(address, **headers)
            assert response.headers["Location"] == "/log-in"
            response = await visitor.send("/log-in", password=PASSWORD)
            assert response.headers["Location"] == "/sites/my-shop"

    asyncio.run(walk())


def test_behind_tls_the_cookie_goes_over_nothing_else() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory(), https=True)) as visitor:
            response, _ = await visitor.get("/log-in")
            told = response.headers["Set-Cookie"]
            assert told.startswith("__Host-badgejobs-console=")
            assert "Secure" in told

    asyncio.run(walk())


def test_after_a_few_wrong_passwords_even_the_right_one_must_wait() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.get("/log-in")
            for _ in range(FREE + 1):
                response = await visitor.send("/log-in", password="no")
                assert response.status == 403
            response = await visitor.send("/log-in", password=PASSWORD)
            assert response.status == 403
            assert "wait" in await response.text()

    asyncio.run(walk())


def test_guesses_of_one_address_wait_longer_each_time_and_those_of_many_wait_together() -> None:
    now = [0.0]
    guessing = Guessing(clock=lambda: now[0])
    waits = []
    for _ in range(FREE + 12):
        guessing.was_wrong("10.0.0.1")
        waits.append(guessing.wait_seconds("10.0.0.1"))
        now[0] += waits[-1]
    assert waits[:FREE] == [0] * FREE
    assert waits[FREE : FREE + 3] == [2, 4, 8]
    assert max(waits) == 900
    assert guessing.wait_seconds("10.0.0.2") == 0

    for n in range(60):
        guessing.was_wrong(f"10.1.0.{n}")
    assert guessing.wait_seconds("10.0.0.2") == 60
    now[0] += 60
    assert guessing.wait_seconds("10.0.0.2") == 0
    guessing.was_right("10.0.0.1")
    guessing.was_wrong("10.0.0.1")
    assert guessing.wait_seconds("10.0.0.1") == 0


def test_whoever_guesses_for_weeks_waits_no_less_and_is_counted_among_all() -> None:
    now = [0.0]
    guessing = Guessing(clock=lambda: now[0])
    for _ in range(1100):
        guessing.was_wrong("10.0.0.1")
    assert guessing.wait_seconds("10.0.0.1") == 900
    assert guessing.wait_seconds("10.0.0.2") == 60
    now[0] += 900
    guessing.was_wrong("10.0.0.1")
    assert guessing.wait_seconds("10.0.0.1") == 900


def test_who_only_looks_is_offered_no_act_and_does_none() -> None:
    async def walk() -> None:
        ports = InMemory()
        async with visiting(console(ports)) as visitor:
            await visitor.log_in()
            member = await visitor.page_of(ANA)
            _, text = await visitor.get(member)
            assert "Give by hand" not in text
            for act in ("/sites/my-shop/scan", "/sites/my-shop/retry", f"{member}/grant"):
                shown, _ = await visitor.get(act)
                assert shown.headers["Location"].startswith("/operator?back=")
                assert (await visitor.send(act, note="why")).status == 403
            assert (await visitor.send("/operator", token=PASSWORD, name="Eve")).status == 403
            assert (await visitor.send("/operator", token=TOKEN, name="rules")).status == 400
            assert not ports.done

    asyncio.run(walk())


def test_guesses_of_the_token_are_not_forgiven_for_logging_in_again() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.log_in()
            for _ in range(FREE + 1):
                await visitor.send("/operator", token="no", name="Eve")
            await visitor.log_in()
            response = await visitor.send("/operator", token=TOKEN, name="Eve")
            assert response.status == 403
            assert "wait" in await response.text()

    asyncio.run(walk())


def test_without_a_token_nobody_becomes_an_operator() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory(), token=None)) as visitor:
            await visitor.log_in()
            for token in ("", "None", TOKEN):
                response = await visitor.send("/operator", token=token, name="Eve")
                assert response.status == 403
                assert "only shows" in await response.text()

    asyncio.run(walk())


def test_an_operator_acts_in_their_own_name_after_they_said_why_and_reads_what_came_of_it() -> None:
    async def walk() -> None:
        ports = InMemory()
        async with visiting(console(ports)) as visitor:
            await visitor.log_in()
            await visitor.become_operator("Olga")
            member = await visitor.page_of(ANA)
            assert (await visitor.send(f"{member}/grant", note=" ")).status == 400
            assert not ports.done
            response = await visitor.send(f"{member}/grant", note="the fair")
            assert (response.status, response.headers["Location"]) == (303, member)
            _, text = await visitor.get(member)
            assert "Given; no rule takes it." in text
            assert "Given; no rule takes it." not in (await visitor.get(member))[1]

            refused = await visitor.send(f"{member}/revoke", note="spam")
            assert refused.status == 400
            assert "This badge opens pages" in await refused.text()
            await visitor.send(f"{member}/revoke", note="spam", removes_access="yes")
            await visitor.send("/sites/my-shop/scan", source="orders")
            assert ports.done == [
                ("grant", "my-shop", ANA, "gold", "Olga", "the fair"),
                ("revoke", "my-shop", ANA, "gold", "Olga", "spam"),
                ("scan", "my-shop", "orders", "Olga"),
            ]

    asyncio.run(walk())


def _cookie(visitor: Visitor) -> str:
    [cookie] = list(visitor.client.session.cookie_jar)
    return cookie.value
