"""How commands come by their settings, their house and their broker."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from badgejobs.cli.logs import set_up_logs
from badgejobs.config import Settings, load_settings, prepare_state_dir
from badgejobs.errors import BrokerUnavailable, SettingsError, StateError
from badgejobs.service.lifeline import watch_owner

if TYPE_CHECKING:
    from badgejobs.bootstrap import House

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Broker and Redis in the forms that their users write: one server, or two."""

    #: Where queues are: Redis or RabbitMQ, as Celery writes it.
    celery_url: str
    #: Where the pace is kept, as redis-py writes it.
    redis_url: str
    #: Where results are kept: that Redis, as Celery writes it.
    results_url: str


def settled() -> Settings:
    """The settings of this call, with logs set up as they say."""
    settings = load_settings()
    set_up_logs(level=settings.log_level, form=settings.log_format)
    for warning in settings.warnings:
        log.warning(warning)
    return settings


def known_site(settings: Settings, name: str | None) -> str:
    """The site that a command is about; without a name, the only one that is configured."""
    known = ", ".join(sorted(settings.sites)) or "none is configured; run `badgejobs init`"
    if name is None and len(settings.sites) == 1:
        return next(iter(settings.sites))
    if name is None:
        raise SettingsError(f"name a site; known: {known}")
    if name not in settings.sites:
        raise SettingsError(f"there is no site {name!r}; known: {known}")
    return name


def watched(owner: str | None) -> None:
    """End with the process that started us, where there is such an owner."""
    if owner:
        # Our parent is then a supervisor, which must not start us again.
        watch_owner(owner, also=os.getppid())


@contextmanager
def opened(settings: Settings) -> Iterator[House]:
    """The house without a broker, over a database whose schema is ours."""
    from badgejobs.bootstrap import open_house  # noqa: PLC0415 - every library of the house

    prepare_state_dir(settings.state_dir)
    house = open_house(settings, redis_url=None)
    try:
        ready(house)
        spare_the_collector()
        yield house
    finally:
        house.close()


def ready(house: House) -> None:
    """Bring the embedded database up to date; only look at one that was configured.

    Several programs may use a database that was configured, so a person says when.
    """
    if house.settings.database_url is None:
        house.store.migrate()
    else:
        house.store.check_schema()


def spare_the_collector() -> None:
    """Let no collection of garbage look through what was imported: it stays until the end.

    Deciding makes so many objects at once that else each page pays for all libraries: a tenth of
    the time of a long scan.
    """
    gc.freeze()


@contextmanager
def broker(settings: Settings) -> Iterator[Address]:
    """The broker of the settings; the embedded one is started where it does not run."""
    if settings.redis_url is not None:
        yield _told(settings)
        return
    from badgejobs.service.broker import ensure_broker  # noqa: PLC0415 - the Redis client

    with ensure_broker(settings.state_dir) as embedded:
        yield _address(settings, redis_url=embedded.redis_url, celery_url=embedded.celery_url)


@contextmanager
def standing(settings: Settings) -> Iterator[Address]:
    """The broker if it answers now; ``BrokerUnavailable`` otherwise, and nothing is started.

    But for the embedded Redis beside a RabbitMQ: what is rung in that needs no worker here.
    """
    from badgejobs.service.presence import ping, standing_broker  # noqa: PLC0415 - as above

    if settings.broker_url is not None:
        from badgejobs.jobs import brokers  # noqa: PLC0415 - Celery's libraries

        brokers.ping(settings.broker_url.get_secret_value())
    if settings.redis_url is not None:
        told = _told(settings)
        ping(told.redis_url)
        yield told
        return
    if settings.broker_url is not None:
        with broker(settings) as address:
            yield address
        return
    try:
        embedded = standing_broker(settings.state_dir)
    except StateError as error:
        raise BrokerUnavailable(str(error)) from error
    if embedded is None:
        raise BrokerUnavailable("the embedded broker does not run")
    with embedded:
        ping(embedded.redis_url)
        yield _address(settings, redis_url=embedded.redis_url, celery_url=embedded.celery_url)


def _told(settings: Settings) -> Address:
    from badgejobs.service.presence import celery_url  # noqa: PLC0415 - as above

    assert settings.redis_url, "asked for only where it is set"
    url = settings.redis_url.get_secret_value()
    return _address(settings, redis_url=url, celery_url=celery_url(url))


def _address(settings: Settings, *, redis_url: str, celery_url: str) -> Address:
    """The Redis at this address in both its forms, and the RabbitMQ where one is set."""
    queues = settings.broker_url.get_secret_value() if settings.broker_url else celery_url
    return Address(celery_url=queues, redis_url=redis_url, results_url=celery_url)
