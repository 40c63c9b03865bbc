"""``badgejobs console``: its keys, and the whole of it over a real site in a real browser."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Looks, chromium, looking
from command_desk import Desk, run
from sandbox_process import serving

from badgejobs.cli.console import password_of
from badgejobs.cli.output import Output
from badgejobs.config import load_settings
from badgejobs.errors import SettingsError
from badgejobs.sandbox.remote import RemoteSandbox

pytest_plugins = ["cli_fixtures"]

TOKEN = "the-token-of-its-operators"
#: Of the first site of a sandbox.
INSTANCE = "00000002-0000-4000-8000-000000000001"
LOGIN = re.compile(r"the console is at (http://\S+)/")


def test_a_password_is_made_once_for_this_user_alone_and_none_is_made_up_beyond_loopback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(state_dir=tmp_path / "state")
    first = password_of(settings, Output(), is_loopback=True)
    file = tmp_path / "state" / "console.password"
    assert len(first) >= 20
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert password_of(settings, Output(), is_loopback=True) == first
    # no terminal reads along, so it is told where the password is, and not what
    assert first not in capsys.readouterr().err
    with pytest.raises(SettingsError, match=r"console\.password_file"):
        password_of(settings, Output(), is_loopback=False)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"PASSWORD": "short"}, "console.password"),
        ({"PASSWORD": "the-same-secret", "OPERATOR_TOKEN": "the-same-secret"}, "are the same"),
        ({"HOST": "0.0.0.0"}, "needs a password of your own"),  # noqa: S104 - refused
        ({"PASSWORD": "long-enough-12", "PASSWORD_FILE": "f"}, "keep one of the two"),
    ],
)
def test_keys_that_would_open_too_much_are_refused_with_the_cure(
    lonely_desk: Desk, settings: dict[str, str], told: str
) -> None:
    environment = {f"BADGEJOBS_CONSOLE__{name}": value for name, value in settings.items()}
    ended = lonely_desk.run("console", "--port", "0", **environment)
    assert ended.code == 4
    assert told in ended.err
    assert "the-same-secret" not in ended.err


@contextmanager
def shown(folder: Path) -> Iterator[str]:
    """``badgejobs console`` of a folder, as a process of its own; its address."""
    told = folder / "console.err"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
    with told.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "badgejobs", "console", "--port", "0"],
            cwd=folder,
            env=inherited | {"BADGEJOBS_LOG_LEVEL": "DEBUG"},
            stdout=errors,
            stderr=errors,
        )
        try:
            ends = time.monotonic() + 60
            while not (found := LOGIN.search(told.read_text())):
                assert process.poll() is None, told.read_text()
                assert time.monotonic() < ends, "the console did not start"
                time.sleep(0.05)
            yield found.group(1)
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in told.read_text()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_operator_finds_a_member_gives_and_takes_a_badge_and_wix_has_it_so(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, "--seed", "real", "--lag", "0", "--rate-limit", "0") as url:
        site = tmp_path / "site"
        _prepare(tmp_path, url)
        sandbox = RemoteSandbox(url)
        with shown(site) as base, chromium() as browser, looking(browser, base) as looks:
            page, axe = looks.page, Axe()
            page.clock.install()
            page.goto(f"{base}/runs")
            page.get_by_label("Password").fill(
                (site / "my-shop.state" / "console.password").read_text().strip()
            )
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(f"{base}/runs")
            for name, address in _pages().items():
                page.goto(f"{base}{address}")
                looks.at(f"real-{name}")
            _see_it_refresh(looks, base)

            page.goto(f"{base}/sites/my-shop/badges/loyal-customer")
            member = page.locator("table a.id").first.inner_text()
            page.goto(f"{base}/sites/my-shop/members")
            page.get_by_label("Member's id").fill(member)
            page.get_by_label("Badge").select_option("commentator")
            page.get_by_role("button", name="Explain").click()
            looks.at("real-member", axe=axe)
            assert "commentator" in page.url
            assert member not in page.url
            assert page.get_by_text("10 or more").count() > 0
            explained = page.url

            page.get_by_role("link", name="become an operator").click()
            page.get_by_label("Your name").fill("Olga")
            page.get_by_label("Operator's token").fill(TOKEN)
            page.get_by_role("button", name="Become an operator").click()
            page.wait_for_url(explained)
            assert (member, "Commentator") not in _given(sandbox)
            _act(looks, "Give by hand", "the fair", "Give the badge", "Given; no rule takes it.")
            assert (member, "Commentator") in _given(sandbox)
            assert page.get_by_text("the fair").count() > 0
            _act(looks, "Take away", "a slip", "Take the badge away", "Taken away; no rule")
            assert (member, "Commentator") not in _given(sandbox)
            looks.at("real-member-of-operator")

            page.goto(f"{base}/sites/my-shop")
            page.get_by_role("link", name="Read now").click()
            page.get_by_role("button", name="Read now").click()
            assert "orders" in page.get_by_role("status").inner_text()
            page.get_by_role("link", name="Try again").click()
            page.get_by_role("button", name="Try again").click()
            assert "my-shop: Nothing is to be tried" in page.get_by_role("status").inner_text()
            page.get_by_role("button", name="Log out").click()
            page.goto(explained)
            assert page.url == f"{base}/log-in"
        log = (site / "console.err").read_text()
        assert member not in log
        assert TOKEN not in log


def _prepare(folder: Path, url: str) -> None:
    """A site of the sandbox with its real history read, and its badges given."""
    site = folder / "site"
    lines = (
        ("init", "my-shop", "--sandbox", url, "--folder", str(site)),
        ("--config", str(site / "badgejobs.toml"), "sync", "my-shop"),
        ("--config", str(site / "badgejobs.toml"), "progress", "my-shop"),
    )
    for line in lines:
        ended = run(line, folder=folder, environment={})
        assert ended.code == 0, ended.err
    token = site / "operator.token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with (site / "badgejobs.toml").open("a") as file:
        file.write('\n[console]\noperator_token_file = "operator.token"\n')


def _pages() -> dict[str, str]:
    at = "/sites/my-shop"
    badges = ("first-purchase", "loyal-customer", "commentator")
    parts = ("members", "runs", "drift", "quarantine")
    return (
        {"overview": "/", "found": "/?q=shop", "runs-of-all": "/runs?failed=1", "site": at}
        | {one: f"{at}/{one}" for one in parts}
        | {one: f"{at}/badges/{one}" for one in badges}
    )


def _see_it_refresh(looks: Looks, base: str) -> None:
    """What happened lately is fetched again by itself, and stays one list."""
    page = looks.page
    page.goto(f"{base}/sites/my-shop")
    before = page.locator("#happenings tbody tr").count()
    with page.expect_response(f"{base}/sites/my-shop/live") as answer:
        page.clock.fast_forward(11_000)
    assert answer.value.ok
    assert page.locator("#happenings tbody tr").count() == before > 0


def _act(looks: Looks, link: str, why: str, button: str, told: str) -> None:
    page = looks.page
    page.get_by_role("link", name=link).click()
    page.get_by_label("Why").fill(why)
    page.get_by_role("button", name=button).click()
    assert page.get_by_role("status").inner_text().partition(": ")[2].startswith(told)


def _given(sandbox: RemoteSandbox) -> set[tuple[str, str]]:
    """Who has which badge at Wix, by its title."""
    state = sandbox.state(INSTANCE)
    titles = {one["id"]: one["title"] for one in state["badges"]}
    return {(one["memberId"], titles[one["badgeId"]]) for one in state["badgeAssignments"]}
