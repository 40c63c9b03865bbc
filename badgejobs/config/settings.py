"""Every setting, its default and its bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from platformdirs import user_state_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from badgejobs.config import checks, notifying
from badgejobs.config.console import Console
from badgejobs.config.origins import Origin, Origins, origins_of
from badgejobs.wix import wire

Seconds = Annotated[int, Field(ge=1)]
RequestsPerMinute = Annotated[int, Field(ge=1, le=wire.REQUESTS_PER_MINUTE)]
WixId = Annotated[str, AfterValidator(checks.wix_id)]

#: The longest slice of work; jobs are cut so that a lost one costs little.
LONGEST_SLICE_SECONDS = 60


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Scan(_Strict):
    """How often and how far the sources are read; all in seconds."""

    orders_every_seconds: Seconds = 60
    #: How often the count of comments is held against ours.
    comments_every_seconds: Seconds = 60
    #: How often all comments are read in full, whatever the counts say.
    walk_every_seconds: Seconds = 21_600
    #: The least time between two full walks that the counts ask for.
    walk_at_most_every_seconds: Seconds = 600
    #: How much of a site's pace walks, audits and the backfill are counted on to get.
    spare_percent: Annotated[int, Field(ge=1, le=70)] = 20
    #: How often all orders are read anew and held against ours, month by month.
    audit_every_seconds: Seconds = 604_800
    #: How often the orders of the last days are read anew, and how far back.
    recent_every_seconds: Seconds = 86_400
    recent_reaches_seconds: Seconds = 172_800
    #: What two complete readings at least so far apart do not find is gone.
    miss_gap_seconds: Annotated[int, Field(ge=0)] = 600
    #: The stretch before the watermark that is read again.
    overlap_seconds: Annotated[int, Field(ge=0)] = 600
    #: How long one job works before it hands on to the next.
    slice_seconds: Annotated[int, Field(ge=1, le=LONGEST_SLICE_SECONDS)] = 20

    @model_validator(mode="after")
    def _walks_have_room(self) -> Self:
        if self.walk_at_most_every_seconds > self.walk_every_seconds:
            raise checks.refusal(
                f"walk_at_most_every_seconds ({self.walk_at_most_every_seconds}) is longer than "
                f"walk_every_seconds ({self.walk_every_seconds}); swap or adapt them"
            )
        return self


class Assign(_Strict):
    """How awards are given at Wix; times in seconds."""

    #: A request that has no answer by then is given up.
    request_deadline_seconds: Seconds = 30
    #: How long after a lost answer nobody asks again for the same award.
    quiet_period_seconds: Seconds = 120
    #: The time between the two readings that settle an unknown award.
    read_gap_seconds: Annotated[int, Field(ge=0)] = 30
    #: How late Wix may still apply a request whose answer was lost.
    late_apply_seconds: Annotated[int, Field(ge=0)] = 60
    #: Awards in one claim and in one bulk call.
    batch: Annotated[int, Field(ge=1, le=wire.MOST_ITEMS)] = wire.MOST_ITEMS
    #: Awards in the next bulk call after one whose answer was lost; each clear answer doubles it.
    batch_after_failure: Annotated[int, Field(ge=1, le=wire.MOST_ITEMS)] = 20
    #: New awards of a site within an hour, beyond those that were declared.
    new_awards_an_hour: Annotated[int, Field(ge=1)] = 500
    #: What would take away more than this share of a site's badges by itself, and more than so
    #: many, within a day, waits for a person.
    guard_percent: Annotated[int, Field(ge=0, le=100)] = 5
    guard_least: Annotated[int, Field(ge=0)] = 10
    #: A complete reading of Wix that finds nothing is not believed where more than so many stood.
    empty_is_doubted_above: Annotated[int, Field(ge=0)] = 20
    #: Whether assignments that we made twice are taken away again, all but the oldest.
    repair_duplicates: bool = False

    @model_validator(mode="after")
    def _quiet_outlasts_late(self) -> Self:
        least = self.request_deadline_seconds + self.late_apply_seconds + 1
        if self.quiet_period_seconds < least:
            raise checks.refusal(
                f"quiet_period_seconds ({self.quiet_period_seconds}) must be longer than "
                f"request_deadline_seconds ({self.request_deadline_seconds}) and "
                f"late_apply_seconds ({self.late_apply_seconds}) together, or an award could be "
                f"given twice; write {least} or more"
            )
        return self


class Webhooks(_Strict):
    """Where Wix's webhooks are taken, which tell at once what may have changed.

    Off unless a key is given. The keys are public ones, of the Wix app's dashboard.
    """

    #: PEM, or base64 of it, as the dashboard shows it.
    public_key_file: Path | None = None
    #: The key before it, while Wix may still sign with that one.
    previous_public_key_file: Path | None = None
    #: An address of this machine; beyond loopback whoever reaches it may knock.
    host: Annotated[str, AfterValidator(checks.listening_address)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8090

    @model_validator(mode="after")
    def _newest_first(self) -> Self:
        if self.previous_public_key_file and not self.public_key_file:
            raise checks.refusal(
                "has previous_public_key_file alone; name the key that is in use now as "
                "public_key_file"
            )
        return self


class Health(_Strict):
    """When `badgejobs health` finds something wrong, and where it is asked for over HTTP."""

    #: What is due and not begun for longer is late.
    due_seconds: Seconds = 600
    #: What a live scan last read to its end is older than this, or than three of its intervals.
    scan_seconds: Seconds = 900
    #: A few sites of a fleet may be late before the whole counts as ill.
    late_sites_percent: Annotated[int, Field(ge=0, le=100)] = 1
    #: No tick for longer, or for longer than three of its intervals.
    tick_seconds: Seconds = 60
    #: An award whose answer was lost is settled by then.
    unknown_seconds: Seconds = 1800
    #: Awards that only a person can settle.
    attention_most: Annotated[int, Field(ge=0)] = 0
    #: A worker or beat whose heartbeat file is older hangs.
    heartbeat_seconds: Annotated[int, Field(ge=15)] = 60
    #: Where `badgejobs web` answers: an address of this machine.
    host: Annotated[str, AfterValidator(checks.listening_address)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8091


class Metrics(_Strict):
    """Whether `badgejobs web` also tells numbers for Prometheus, at /metrics."""

    enabled: bool = True
    #: Who asks must send it as a bearer token. Without one, only loopback is answered.
    token: SecretStr | None = None
    token_file: Path | None = None
    #: Whether the age of what was read is told of each site, by the site's name.
    per_site: bool = False


class SiteSettings(_Strict):
    """One Wix site: its rules, its credentials, what is read of it."""

    #: A file of its own ...
    rules: Path | None = None
    #: ... or a pack that many sites share, and a file with what this one says otherwise.
    pack: Annotated[str, AfterValidator(checks.pack_name)] | None = None
    overrides: Path | None = None
    #: An app of ours that is installed on the site ...
    app_id: WixId | None = None
    app_secret: SecretStr | None = None
    app_secret_file: Path | None = None
    instance_id: WixId | None = None
    #: ... or an API key of the account that owns it.
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    site_id: WixId | None = None
    #: Names of :data:`badgejobs.wix.wire.COMMENT_APPS` or GUIDs of apps.
    comment_apps: Annotated[
        tuple[str, ...],
        BeforeValidator(checks.words_of),
        AfterValidator(checks.comment_apps),
    ] = ("blog",)
    requests_per_minute: RequestsPerMinute | None = None
    #: Who is told of this site's awards, where that is not as for all.
    notify: notifying.Notify | None = None

    @property
    def comment_app_ids(self) -> tuple[str, ...]:
        """The app ids of ``comment_apps``, in their order."""
        return tuple(wire.COMMENT_APPS.get(name, name) for name in self.comment_apps)

    @model_validator(mode="after")
    def _one_kind_of_rules(self) -> Self:
        checks.one_kind_of_rules(self.rules, self.pack, self.overrides)
        return self

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        app = {"app_id": self.app_id, "app_secret": self.app_secret}
        checks.one_way_in(
            app | {"instance_id": self.instance_id},
            {"api_key": self.api_key, "site_id": self.site_id},
        )
        return self


class Settings(BaseSettings):
    """All settings; made by :func:`badgejobs.config.load_settings`.

    Called directly it takes what it is given and the defaults, and reads nothing.
    """

    model_config = SettingsConfigDict(
        env_prefix="BADGEJOBS_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    #: Where the database, the broker's socket and the logs of ``up`` live.
    state_dir: Annotated[Path, AfterValidator(checks.state_dir)] = Field(
        default_factory=lambda: user_state_path("badgejobs")
    )
    #: ``None``: SQLite in the state folder.
    database_url: Annotated[SecretStr, AfterValidator(checks.database_url)] | None = None
    database_url_file: Path | None = None
    #: ``None``: the embedded broker.
    redis_url: Annotated[SecretStr, AfterValidator(checks.redis_url)] | None = None
    redis_url_file: Path | None = None
    #: A RabbitMQ for the queues; results and the pace of sites stay in the Redis. ``None``: the
    #: Redis is the broker.
    broker_url: Annotated[SecretStr, AfterValidator(checks.broker_url)] | None = None
    broker_url_file: Path | None = None
    #: Queues of a RabbitMQ; ``quorum`` is copied over the nodes of a cluster.
    broker_queues: Literal["classic", "quorum"] = "classic"
    #: Under it contacts and addresses of guests become digests. ``None``: a file in the state
    #: folder, made once. All who use one database must have the same.
    identity_key: Annotated[SecretStr, AfterValidator(checks.identity_key)] | None = None
    identity_key_file: Path | None = None
    #: Under the first of these the secrets of sites that are added by command are sealed, and any
    #: of them opens. ``None``: a file in the state folder, made once. All who use one database
    #: must have the same.
    secrets_key: Annotated[SecretStr, AfterValidator(checks.secrets_key)] | None = None
    secrets_key_file: Path | None = None
    #: What the keys of queues and results begin with, where several share one Redis.
    queue_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}:$")] = "badgejobs:"
    wix_base_url: Annotated[str, AfterValidator(checks.wix_base_url)] = wire.BASE_URL
    #: Which of the two documented spellings the paths of badge assignments have.
    wix_assignment_paths: Annotated[wire.Spelling, BeforeValidator(checks.lower)] = (
        wire.Spelling.SDK
    )
    #: How often due sites are looked for.
    tick_seconds: Seconds = 10
    #: How many walks and backfills go on at once, over all workers; ``None``: by their slots.
    walks_at_once: Annotated[int, Field(ge=1)] | None = None
    scan: Scan = Scan()
    assign: Assign = Assign()
    webhooks: Webhooks = Webhooks()
    health: Health = Health()
    notify: notifying.InstallationNotify = notifying.InstallationNotify()
    metrics: Metrics = Metrics()
    console: Console = Console()
    #: Whether Flower may trigger tasks, and stop and change workers; else it only shows.
    flower_write: bool = False
    #: How long it is kept what ran and what came of it.
    runs_kept_days: Annotated[int, Field(ge=1, le=3650)] = 30
    #: Requests per minute of one site, over all workers; a site may have its own.
    requests_per_minute: RequestsPerMinute = 180
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(checks.upper)
    ] = "INFO"
    log_format: Literal["console", "json"] = "console"
    #: How ids of members stand in logs: as digests under identity_key, or as they are.
    log_ids: Literal["hashed", "plain"] = "hashed"
    #: Whether workers send traces by OpenTelemetry, to where its own variables say; also switched
    #: on by OTEL_EXPORTER_OTLP_ENDPOINT.
    otel: bool = False
    #: The process that started this one, as ``PID:CREATE_TIME``; when it ends, this one does.
    owner: str | None = None
    sites: Annotated[dict[str, SiteSettings], AfterValidator(checks.site_names)] = {}

    @field_validator("sites")
    @classmethod
    def _each_can_tell(
        cls, sites: dict[str, SiteSettings], info: ValidationInfo
    ) -> dict[str, SiteSettings]:
        return notifying.require_each(sites, info.data.get("notify"))

    _origins: Origins = PrivateAttr(default_factory=Origins)
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed: ``load_settings`` joins the layers, and knows where each is from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def database(self) -> str:
        """The URL of the database, with its password: for the engine, never for eyes."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir / 'badgejobs.db'}"

    def notify_of(self, site: str) -> notifying.Notify:
        """Who is told of the awards of one site."""
        told = self.sites.get(site)
        return notifying.joined(self.notify, told.notify if told else None)

    @property
    def config_file(self) -> Path | None:
        """The file that was read, if any."""
        return self._origins.file

    @property
    def warnings(self) -> list[str]:
        """What works and should be mended all the same."""
        return list(self._warnings)

    def requests_per_minute_of(self, site: str) -> int:
        """The pace of one site."""
        return self.sites[site].requests_per_minute or self.requests_per_minute

    def origins(self) -> list[Origin]:
        """Every value and where it came from; secrets and passwords masked."""
        return origins_of(self, self._origins)

    def from_layers(self, origins: Origins, warnings: list[str]) -> Self:
        """Remember where the values came from; returns itself."""
        self._origins, self._warnings = origins, tuple(warnings)
        return self
