"""A desk without a configured site, and a pack in its database."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from command_desk import APP, INSTANCE, RULES, SECRET, SITE, Desk, Ended
from sqlalchemy import insert

from badgejobs.store import SqlStore, open_store
from badgejobs.store.fleet_tables import pack, pack_version

TOML = """\
state_dir = "{folder}/state"
wix_base_url = "{wix}"

[assign]
request_deadline_seconds = 5
quiet_period_seconds = 11
late_apply_seconds = 5
"""
OF_APP = ("--app", "ours", "--instance", INSTANCE, "--pack", "standard")
OF_KEY = ("--site-id", SITE, "--pack", "standard")


class FleetDesk(Desk):
    """A folder whose sites all stand in the database."""

    def __init__(self, folder: Path, wix: str) -> None:
        super().__init__(folder, wix)
        self.write("badgejobs.toml", TOML.format(folder=folder, wix=wix))
        (folder / "state").mkdir(mode=0o700)
        self.store = open_store(f"sqlite:///{folder}/state/badgejobs.db")
        self.store.migrate()
        for name in ("standard", "premium"):
            put_pack(self.store, name, RULES)

    def told(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """What a command says in JSON."""
        ended = self.run(*arguments, "--json")
        assert ended.code == code, ended.err
        found: dict[str, Any] = json.loads(ended.out)
        return found

    def refused(self, *arguments: str, code: int = 4) -> str:
        """The sentence with which a command ends."""
        ended = self.run(*arguments)
        assert ended.code == code, (ended.code, ended.out, ended.err)
        return ended.err

    def add_app(self) -> None:
        """The app of the sandbox."""
        file = str(self.folder / "app.secret")
        ended = self.run("apps", "add", "ours", "--app-id", APP, "--secret-file", file)
        assert ended.code == 0, ended.err

    def add(self, name: str, *how: str) -> Ended:
        """A site."""
        return self.run("sites", "add", name, *(how or OF_APP))

    def due(self, site: str) -> set[str]:
        """What of a site is due now."""
        with self.store.read() as tx:
            rows, now = tx.scans.overview(site), tx.now
        return {one.source for one in rows if one.due_at and one.due_at <= now}

    def everything(self) -> bytes:
        """All that was written to the state folder."""
        files = (self.folder / "state").rglob("*")
        return b"".join(one.read_bytes() for one in files if one.is_file())


def put_pack(store: SqlStore, name: str, text: str) -> None:
    """A pack with this one version, which is its stable one."""
    with store.begin() as tx:
        # long taken up by every process
        now = tx.now - timedelta(hours=1)
        tx._connection.execute(
            insert(pack),
            [{"name": name, "stable": 1, "canary": None, "canary_percent": 0,
              "canary_since": None, "changed_at": now}],
        )  # fmt: skip
        tx._connection.execute(
            insert(pack_version),
            [{"pack": name, "version": 1, "content": text, "note": "", "added_by": "test",
              "added_at": now}],
        )  # fmt: skip


def wrong_secret(desk: FleetDesk) -> None:
    """Replace the app's secret by one that Wix does not know."""
    wrong = desk.write("wrong.secret", "another-secret-9876543210")
    ended = desk.run("apps", "rotate-secret", "ours", "--secret-file", str(wrong))
    assert ended.code == 0, ended.err


def right_secret(desk: FleetDesk) -> Ended:
    """Replace it by the right one."""
    file = desk.write("right.secret", SECRET)
    return desk.run("apps", "rotate-secret", "ours", "--secret-file", str(file))
