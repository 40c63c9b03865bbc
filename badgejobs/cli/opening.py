"""How commands come by their settings, their house and their broker."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from badgejobs.cli.logs import set_up_logs
from badgejobs.config import Settings, identity_digest, load_settings, prepare_state_dir
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
    set_up_logs(
        level=settings.log_level,
        form=settings.log_format,
        digest=identity_digest(settings),
        shows_ids=settings.log_ids == "plain",
    )
    for warning in settings.warnings:
        log.warning(warning)
    return settings


def known_site(settings: Settings, name: str | None) -> str:
    """The site that a command is about; without a name, the only one that there is."""
    if name in settings.sites:
        return name
    names = known_sites(settings)
    if name in names:
        return name
    if name is None and len(names) == 1:
        return names[0]
    from badgejobs.bootstrap.directory import known_names  # noqa: PLC0415 - the whole house

    if name is None:
        raise SettingsError(f"name a site; {known_names(names)}")
    raise SettingsError(f"there is no site {name!r}; {known_names(names)}")


def known_sites(settings: Settings) -> list[str]:
    """Every site: those of the configuration file, and those that were added by command."""
    embedded = settings.database_url is None
    if embedded and not (settings.state_dir / "badgejobs.db").exists():
        return sorted(settings.sites)
    from badgejobs.store import open_store  # noqa: PLC0415 - SQLAlchemy takes a while

    store = open_store(settings.database)
    try:
        with store.read() as tx:
            return sorted({*settings.sites, *tx.sites.names()})
    except StateError:
        return sorted(settings.sites)  # without its tables, of which others tell
    finally:
        store.dispose()


def require_any_site(settings: Settings) -> None:
    """``SettingsError`` where there is nothing to run for."""
    if not settings.sites and not known_sites(settings):
        raise SettingsError(
            "there is no site yet; `badgejobs init` writes a configuration for one, and "
            "`badgejobs sites add` adds many"
        )


def watched(owner: str | None) -> None:
    """End with the process that started us, where there is such an owner."""
    if owner:
        # Our parent is then a supervisor, which must not start us again.
        watch_owner(owner, also=os.getppid())


@contextmanager
def opened(settings: Settings) -> Iterator[House]:
    """The house over a database whose schema is ours; nothing is started for it.

    Its pace is that of the workers where they share one, for together they must not exceed it.
    """
    from badgejobs.bootstrap import open_house  # noqa: PLC0415 - every library of the house
    from badgejobs.coordination.local import LocalThrottle  # noqa: PLC0415 - as above

    prepare_state_dir(settings.state_dir)
    with _shared_pace(settings) as redis_url:
        house = open_house(settings, redis_url=redis_url)
        if redis_url is None and settings.redis_url is not None:
            # workers that were told of that Redis may have used the pace until just now
            house.throttle = LocalThrottle(after_others=True)
        try:
            ready(house)
            spare_the_collector()
            yield house
        finally:
            house.close()


@contextmanager
def _shared_pace(settings: Settings) -> Iterator[str | None]:
    """Where the pace of workers is kept, or None: nobody answers, so we keep one of our own."""
    with ExitStack() as held:
        try:
            address = held.enter_context(standing(settings))
        except BrokerUnavailable as away:
            if settings.redis_url is not None:
                log.warning("the pace of workers cannot be shared, keeping our own",
                            reason=str(away))  # fmt: skip
            address = None
        yield address.redis_url if address else None


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


def bind_celery(settings: Settings, address: Address) -> None:
    """Bind Celery's application, ``jobs.app.app``, to this broker and the settings."""
    from badgejobs.jobs.app import configure  # noqa: PLC0415 - importing Celery takes a second

    configure(
        settings,
        broker_url=address.celery_url,
        redis_url=address.redis_url,
        results_url=address.results_url,
    )


def _told(settings: Settings) -> Address:
    from badgejobs.service.presence import celery_url  # noqa: PLC0415 - as above

    assert settings.redis_url, "asked for only where it is set"
    url = settings.redis_url.get_secret_value()
    return _address(settings, redis_url=url, celery_url=celery_url(url))


def _address(settings: Settings, *, redis_url: str, celery_url: str) -> Address:
    """The Redis at this address in both its forms, and the RabbitMQ where one is set."""
    queues = settings.broker_url.get_secret_value() if settings.broker_url else celery_url
    return Address(celery_url=queues, redis_url=redis_url, results_url=celery_url)
