"""Stages and shops for tests, a receiver and a mailbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import (
    FIRST_AND_THIRD,
    LiveShops,
    OpenShop,
    configuration,
    do_round,
    rewrite,
)
from listeners import Mailbox, Receiver, mailing, receiving
from notify_stage import MakeShop, MakeStage, Shop, Stage

from badgejobs.bootstrap import open_house
from badgejobs.config import InstallationNotify


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mailing() as one:
        yield one


@pytest.fixture
def make_stage(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeStage]:
    with ExitStack() as closing:

        def make(**told: Any) -> Stage:
            settings = configuration(
                tmp_path / "shop", "http://127.0.0.1:9", notify=InstallationNotify(**told)
            )
            settings.state_dir.mkdir(mode=0o700)
            shutil.copyfile(sqlite_template, settings.state_dir / "badgejobs.db")
            house = open_house(settings, redis_url=None)
            closing.callback(house.close)
            return Stage(house)

        yield make


@pytest.fixture
def make_shop(open_shop: OpenShop, shops: LiveShops) -> MakeShop:
    def make(*, before: int = 0, rules: str = FIRST_AND_THIRD, **told: Any) -> Shop:
        house = open_shop(notify=InstallationNotify(**told))
        rewrite(house, rules)
        for member in range(1, before + 1):
            shops.buys(member, 1)
        do_round(house)
        return Shop(house, shops)

    return make
