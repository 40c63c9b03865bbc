"""What each request must pass: it comes from a page of ours, under a name of ours, and is whole."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import FormData
from ports_in_memory import ANA, InMemory
from visiting import console, visiting


def test_a_form_of_another_site_gets_no_cookie_that_would_log_its_visitor_out() -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            # a browser leaves the cookie at home, and would take another one
            for address in ("/log-in", "/operator", "/sites/my-shop/retry", "/static/none"):
                response = await visitor.send(address, headers={"Sec-Fetch-Site": "cross-site"})
                assert response.status in {303, 403}
                assert "Set-Cookie" not in response.headers

    asyncio.run(walk())


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({}, ""),
        ({}, "a-word-of-nobody"),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
        ({"Origin": "https://elsewhere.example"}, None),
        ({"Origin": "null"}, None),
    ],
)
def test_a_form_that_no_page_of_this_visit_showed_does_nothing(
    headers: dict[str, str], word: str | None
) -> None:
    async def walk() -> None:
        ports = InMemory()
        async with visiting(console(ports)) as visitor:
            await visitor.log_in()
            await visitor.become_operator()
            told = {} if word is None else {"form": word}
            response = await visitor.send("/sites/my-shop/retry", headers=headers, **told)
            assert response.status == 403
            assert not ports.done
            assert (await visitor.send("/sites/my-shop/retry")).status == 303
            assert ports.done == [("retry", "my-shop", "Olga")]

    asyncio.run(walk())


def test_links_do_nothing_and_every_form_needs_its_word_and_a_page_of_ours() -> None:
    async def walk() -> None:
        app = console(ports := InMemory())
        async with visiting(app) as visitor:
            await visitor.log_in()
            await visitor.become_operator("Olga")
            await visitor.get("/sites/my-shop/members")
            found = await visitor.send("/sites/my-shop/members", member=ANA, badge="gold")
            member = found.headers["Location"]
            values = {"site": "my-shop", "ref": member.split("/")[-2], "badge": "gold"}
            routes = [
                (one.method, one.resource.canonical.format(name="icon.svg", **values))
                for one in app.router.routes()
                if one.resource
            ]
            assert {method for method, _ in routes} == {"GET", "HEAD", "POST"}
            for _, address in routes:
                await visitor.get(address, **{"Sec-Fetch-Site": "cross-site"})
            for address in (at for method, at in routes if method == "POST"):
                for headers, word in (
                    ({}, "no"),
                    ({"Sec-Fetch-Site": "cross-site"}, visitor.word),
                    ({"Origin": "https://elsewhere.example"}, visitor.word),
                ):
                    told = {"note": "why", "removes_access": "yes", "form": word}
                    response = await visitor.send(address, headers=headers, **told)
                    assert response.status == 403, (address, headers)
            assert not ports.done
            _, text = await visitor.get("/")
            assert "operator: Olga" in text

    asyncio.run(walk())


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"\xff", 400),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=none"}, b"form=a", 400),
        (
            {"Content-Type": "application/x-www-form-urlencoded; charset=unicode_escape"},
            rb"form=\ud800",
            400,
        ),
        (
            {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"},
            b"this is no gzip",
            403,
        ),
        ({"Content-Type": "multipart/form-data"}, b"--x", 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\nno\r\n--x--", 400),
        ({"Origin": "http://["}, FormData({"form": "a"}), 403),
    ],
)
def test_whoever_is_not_logged_in_finds_no_form_at_which_the_console_stumbles(
    headers: dict[str, str],
    data: bytes | FormData,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            await visitor.get("/log-in")
            response = await visitor.client.post("/log-in", data=data, headers=headers)
            assert response.status == status
            assert "nothing was done" in await response.text()

    asyncio.run(walk())
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_cookie_of_letters_that_none_of_ours_has_begins_a_new_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def walk() -> None:
        async with visiting(console(InMemory())) as visitor:
            assert visitor.client.port is not None
            here, out = await asyncio.open_connection("127.0.0.1", visitor.client.port)
            out.write(
                b"GET /log-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                b"Cookie: badgejobs-console=\xff\r\n\r\n"
            )
            answer = await here.read()
            out.close()
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"Set-Cookie: badgejobs-console=" in answer

    asyncio.run(walk())
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


@pytest.mark.parametrize("told", ["c.example:8443", "C.example", "c.example"])
def test_a_name_among_the_hosts_counts_with_its_port_and_without(told: str) -> None:
    async def walk() -> None:
        async with visiting(console(InMemory(), hosts=[told, ":8443", "fd00::7"])) as visitor:
            for host, status in (
                ("c.example:8443", 200),
                ("C.Example", 200),
                ("[fd00::7]:8443", 200),
                ("d.example:8443", 421),
                (":8443", 421),
            ):
                response, _ = await visitor.get("/log-in", Host=host)
                assert response.status == status, host

    asyncio.run(walk())
