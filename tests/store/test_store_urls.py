"""Addresses and faults of a database: one clear sentence, and never a password."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import psutil
import pytest
from sqlalchemy import event

from badgejobs.errors import DatabaseUnavailable, SettingsError, StateError
from badgejobs.store import engine as engine_module
from badgejobs.store import open_store
from badgejobs.store.engine import parse

PASSWORD = "s3cret-canary"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_psycopg(scheme: str) -> None:
    assert parse(f"{scheme}://ada@db/badges").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"mysql://ada:{PASSWORD}@db/badges", "begins with mysql://"),
        (f"{PASSWORD} and no URL", "is not a URL"),
        (f"postgresql://ada:{PASSWORD}@db:port/badges", "is not a URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_named_without_its_text(url: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=f"BADGEJOBS_DATABASE_URL.*{problem}") as caught:
        open_store(url)
    assert PASSWORD not in str(caught.value)


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"badgejobs\[postgres\]"):
        open_store("postgresql://db/badges")


def test_a_server_that_cannot_be_reached_is_no_traceback_and_tells_no_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        store = open_store(f"postgresql://ada:{PASSWORD}@127.0.0.1:{port}/badges")
        with pytest.raises(DatabaseUnavailable, match=r"badges on 127\.0\.0\.1") as caught:
            store.ping()
    assert PASSWORD not in str(caught.value) + repr(store)
    assert "\n" not in str(caught.value)
    store.dispose()


def test_the_file_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    store.migrate()
    with store.begin() as tx:
        tx.requests.add("s", "ada")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}
    store.dispose()
    assert [file.name for file in tmp_path.iterdir()] == ["new.db"]


def test_a_connection_has_the_settings_that_keep_our_promises(database_url: str) -> None:
    store = open_store(database_url)
    wanted = (
        {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
        if database_url.startswith("sqlite")
        else {"statement_timeout": "30s", "lock_timeout": "5s", "TimeZone": "UTC"}
        | {"idle_in_transaction_session_timeout": "15s", "synchronous_commit": "on"}
    )
    verb = "PRAGMA" if database_url.startswith("sqlite") else "SHOW"
    with store.begin() as tx:
        found = {name: tx._connection.exec_driver_sql(f"{verb} {name}").scalar() for name in wanted}
    assert found == wanted
    store.dispose()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    with pytest.raises(StateError, match="nowhere for the database does not exist"):
        store.ping()
    store.dispose()


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be read as one " * 20)
    store = open_store(f"sqlite:///{file}")
    with pytest.raises(StateError, match="damaged or no SQLite database"):
        store.ping()
    store.dispose()


def test_a_read_only_file_is_named(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'x.db'}").migrate()
    store = open_store(f"sqlite:///file:{tmp_path / 'x.db'}?mode=ro&uri=true")
    with pytest.raises(StateError, match="is read-only"), store.begin() as tx:
        tx.requests.add("s", "ada")
    store.dispose()


def test_a_full_disk_is_named_and_nothing_is_half_written(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    store.migrate()

    @event.listens_for(store._engine, "begin")
    def _fill(connection: object) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]

    def fill() -> None:
        with store.begin() as tx:
            for number in range(5000):
                tx.requests.add("s", f"m{number}")

    with pytest.raises(StateError, match="the disk is full"):
        fill()
    with store.read() as tx:
        assert tx.requests.open_ids(["s", "t"], 9) == []
    store.dispose()


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = psutil.disk_partitions(all=True)[0]._replace(mountpoint="/", fstype="ext4")
    share = root._replace(mountpoint=str(tmp_path), fstype="nfs4")
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [root, share])
    with pytest.raises(StateError, match="network file system"):
        open_store(f"sqlite:///{tmp_path / 'deep' / 'x.db'}")
    open_store("sqlite:////var/lib/x.db").dispose()


def test_another_writer_that_never_ends_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_S", 0)
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    store.migrate()
    with (
        store.begin(),
        pytest.raises(DatabaseUnavailable, match="another writer's hand"),
        store.begin(),
    ):
        pass
    store.dispose()
