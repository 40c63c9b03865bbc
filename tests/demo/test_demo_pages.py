"""Every kind of page of the demo's console in a real browser, and each of its forms once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Looks, chromium, looking
from running_demo import RunningDemo, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

#: Pages that differ only in their member, their place in a list, or where they lead back to.
_ALIKE = re.compile(r"(?<=/members/)[^/]+|(?<=after=)[^&]+|(?<=back=)[^&]+")
#: So many of each kind are looked at, and so many of all.
_OF_A_KIND, _MOST = 2, 60

_BADGES = ("first-purchase", "loyal-customer", "big-spender", "commentator", "community-helper")


def test_every_page_of_the_demo_can_be_read_wide_and_narrow_and_each_form_does_what_it_says(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with RunningDemo(state, "--keep", "--seconds", "5") as demo:
        until(lambda: any("Ctrl-C ends it all" in line for line in demo.lines))
        said = "".join(demo.lines)
        [site] = set(re.findall(r"demo-[0-9a-f]{8}", said))
        [base] = re.findall(r"^console +(http://127\.0\.0\.1:\d+)$", said, re.MULTILINE)
        [password] = re.findall(r"^ +password (\S+)$", said, re.MULTILINE)
        [token] = re.findall(r"; token (\S+)$", said, re.MULTILINE)
        axe = Axe()
        with chromium() as browser:
            with looking(browser, base) as looks:
                _log_in(looks, base, password)
                pages = _crawl(looks, base, "demo", axe)
            _assert_all_kinds(pages, site)
            with looking(browser, base, width=360, scheme="dark") as looks:
                _log_in(looks, base, password)
                _crawl(looks, base, "demo-narrow", axe, of_a_kind=1)
            with looking(browser, base) as looks:
                _log_in(looks, base, password)
                _use_forms(looks, base, site, token, axe)


def _log_in(looks: Looks, base: str, password: str) -> None:
    looks.page.goto(f"{base}/log-in")
    looks.page.get_by_label("Password").fill(password)
    looks.page.get_by_role("button", name="Log in").click()
    looks.page.wait_for_url(f"{base}/")


def _kind(address: str) -> str:
    return _ALIKE.sub("*", address)


def _crawl(
    looks: Looks, base: str, tag: str, axe: Axe, *, of_a_kind: int = _OF_A_KIND
) -> dict[str, str]:
    """Look at what links lead to from the first page, the nearest first: kinds by address."""
    page, visited, seen = looks.page, dict[str, str](), Counter[str]()
    left = ["/"]
    while left:
        address = left.pop(0)
        kind = _kind(address)
        if address in visited or seen[kind] == of_a_kind:
            continue
        visited[address] = kind
        seen[kind] += 1
        assert len(visited) <= _MOST, f"more kinds of pages than can be looked at: {sorted(seen)}"
        page.goto(f"{base}{address}")
        looks.at(f"{tag}{_name(kind)}-{seen[kind]}", axe=axe)
        links = page.locator("a[href^='/']").evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )
        left += links
    return visited


def _name(kind: str) -> str:
    """A file's name for a kind of page."""
    named = re.sub(r"demo-[0-9a-f]{8}", "site", kind)
    return re.sub(r"[^a-z0-9]+", "-", named).rstrip("-") or "-overview"


def _assert_all_kinds(pages: dict[str, str], site: str) -> None:
    at = f"/sites/{site}"
    wanted = {"/", "/runs", "/runs?failed=1", "/operator?back=*", at}
    wanted |= {f"{at}/{one}" for one in ("members", "runs", "drift", "quarantine")}
    wanted |= {f"{at}/{kind}/{one}" for kind in ("badges", "members/*") for one in _BADGES}
    assert wanted <= set(pages.values()), sorted(wanted - set(pages.values()))


def _use_forms(looks: Looks, base: str, site: str, token: str, axe: Axe) -> None:
    page, at = looks.page, f"{base}/sites/{site}"
    page.get_by_label("Search by a part").fill(site[:8])
    page.get_by_role("button", name="Search").click()
    looks.at("demo-found", axe=axe)
    assert page.get_by_role("link", name=site).count() > 0

    page.goto(f"{at}/badges/commentator")
    member = page.locator("table a.id").first.inner_text()
    page.goto(f"{at}/members")
    page.get_by_label("Member's id").fill(member)
    page.get_by_label("Badge").select_option("first-purchase")
    page.get_by_role("button", name="Explain").click()
    looks.at("demo-who-never-bought", axe=axe)
    assert "not earned" in page.locator(".verdict").inner_text()

    page.get_by_role("link", name="become an operator").click()
    page.get_by_label("Your name").fill("Olga")
    page.get_by_label("Operator's token").fill(token)
    page.get_by_role("button", name="Become an operator").click()
    looks.at("demo-operators-member", axe=axe)
    _act(looks, "Give by hand", axe, button="Give the badge", told="Given; no rule takes it.")
    _act(looks, "Take away", axe, button="Take the badge away", told="Taken away; no rule")

    page.goto(at)
    looks.at("demo-operators-site", axe=axe)
    for link in ("Read now", "Try again"):
        page.get_by_role("link", name=link).click()
        looks.at(f"demo-{link.lower().replace(' ', '-')}", axe=axe)
        page.get_by_role("button", name=link).click()
        page.wait_for_url(at)
        assert page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{base}/log-in")
    page.goto(at)
    assert page.url == f"{base}/log-in"


def _act(looks: Looks, link: str, axe: Axe, *, button: str, told: str) -> None:
    page = looks.page
    page.get_by_role("link", name=link).click()
    looks.at(f"demo-{link.lower().replace(' ', '-')}", axe=axe)
    page.get_by_label("Why").fill("the fair")
    page.get_by_role("button", name=button).click()
    assert told in page.get_by_role("status").inner_text()
    looks.at(f"demo-{link.lower().replace(' ', '-')}-done", axe=axe)
