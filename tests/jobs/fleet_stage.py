"""Sites that are added to the database of a house, as the commands do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jobs_stage import FIRST_AND_THIRD, SECRET, installation
from sqlalchemy import insert

from badgejobs.bootstrap import House
from badgejobs.bootstrap.directory import place_of_app
from badgejobs.jobs import duties
from badgejobs.store.fleet_tables import pack, pack_version
from badgejobs.store.sites import SiteRow

APP, PACK = "ours", "standard"


def has_pack(house: House, text: str = FIRST_AND_THIRD, *, name: str = PACK) -> None:
    """A pack with this one version, which is its stable one."""
    with house.store.begin() as tx:
        # long taken up by every process
        now, connection = tx.now - timedelta(hours=1), tx._connection
        connection.execute(
            insert(pack),
            [{"name": name, "stable": 1, "canary": None, "canary_percent": 0,
              "canary_since": None, "changed_at": now}],
        )  # fmt: skip
        connection.execute(
            insert(pack_version),
            [{"pack": name, "version": 1, "content": text, "note": "", "added_by": "test",
              "added_at": now}],
        )  # fmt: skip


def add_app(house: House, secret: str = SECRET) -> None:
    """The app of both shops."""
    sealed = house.directory.vault.seal(secret, place=place_of_app(APP))
    with house.store.begin() as tx:
        tx.sites.add_app(APP, installation("north").app_id, sealed)


def rotate(house: House, secret: str) -> None:
    """A new secret of the app."""
    sealed = house.directory.vault.seal(secret, place=place_of_app(APP))
    with house.store.begin() as tx:
        tx.sites.new_app_secret(APP, sealed)


def add_shop(house: House, shop: str, *, name: str | None = None, **told: Any) -> str:
    """A shop of the sandbox as a site of the database; its name."""
    named = name or shop
    row = SiteRow(
        name=named, app=APP, instance_id=installation(shop).instance_id, pack=PACK, **told
    )
    with house.store.begin() as tx:
        tx.sites.put([row])
    house.directory.forget()
    duties.register(house, [named])
    return named
