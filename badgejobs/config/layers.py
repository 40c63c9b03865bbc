"""The layers that settings come from: arguments, environment, file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_config_path
from pydantic_settings import EnvSettingsSource

from badgejobs.config.checks import did_you_mean
from badgejobs.config.settings import Settings
from badgejobs.errors import SettingsError

PREFIX = "BADGEJOBS_"
#: Names the file; it is no setting itself.
CONFIG = f"{PREFIX}CONFIG"
#: A variable that resembles a setting this much is a misspelt one, and refused; others are
#: only warned of, since container platforms inject ``BADGEJOBS_REDIS_PORT`` and the like.
_MISSPELT = 0.85
#: Variables that badgejobs hands to its own processes and to its tests: no settings.
_INTERNAL = frozenset({f"{PREFIX}OWNER", f"{PREFIX}TEST_DATABASE_URL"})
_MOST_BYTES = 256 * 1024

#: What may come from a file of its own, by the last part of its name.
SECRETS = (
    "database_url", "redis_url", "broker_url", "identity_key", "secrets_key", "app_secret",
    "api_key", "webhook_secret", "smtp_password", "token", "password", "operator_token",
)  # fmt: skip
#: Of these, what may have several lines.
OF_LINES = ("secrets_key", "webhook_secret")
_PATHS = (
    "state_dir",
    "rules",
    "overrides",
    "public_key_file",
    "previous_public_key_file",
    "templates",
)


@dataclass(slots=True)
class Layer:
    """Values of one layer, as nested mappings, with relative paths made absolute."""

    #: How an origin of this layer is shown: ``argument``, ``environment``, the file's path.
    name: str
    values: dict[str, Any]
    warnings: list[str] = field(default_factory=list)

    def origin(self, path: tuple[str, ...]) -> str | None:
        """Where a value came from, or ``None`` when this layer does not have it."""
        above = self._node(path[:-1])
        if not isinstance(above, Mapping):
            return None
        for name in (path[-1], f"{path[-1]}_file"):
            if name in above and (name == path[-1] or path[-1] in SECRETS):
                return self._shown((*path[:-1], name), above[name])
        return None

    def _node(self, path: tuple[str, ...]) -> Any:
        node: Any = self.values
        for step in path:
            node = node.get(step) if isinstance(node, Mapping) else None
        return node

    def _shown(self, path: tuple[str, ...], node: Any) -> str:
        if self.name != "environment":
            return self.name
        return variable(path) + ("__..." if isinstance(node, Mapping) else "")


def variable(path: tuple[str, ...]) -> str:
    """The variable of the environment for a setting.

    >>> variable(("sites", "my-shop", "api_key"))
    'BADGEJOBS_SITES__MY_SHOP__API_KEY'
    """
    return PREFIX + "__".join(path).upper().replace("-", "_")


def arguments(values: dict[str, Any]) -> Layer:
    """The layer of explicit arguments; ``None`` is one that was not given."""
    given = {name: value for name, value in values.items() if value is not None}
    return _settled(Layer("argument", joined({}, given)), folder=Path.cwd())


def environment() -> Layer:
    """The layer of the environment; an empty variable is as good as none."""
    layer = Layer("environment", {}, list(_unknown_variables()))
    layer.values = EnvSettingsSource(Settings)()
    sites = layer.values.get("sites")
    if isinstance(sites, dict):
        # a variable cannot hold a hyphen, and a site's name no underscore
        layer.values["sites"] = {name.replace("_", "-"): site for name, site in sites.items()}
    return _settled(layer, folder=Path.cwd())


def _unknown_variables() -> Iterator[str]:
    for name in sorted(os.environ):
        setting = name.upper().removeprefix(PREFIX).lower().partition("__")[0]
        if not name.upper().startswith(PREFIX) or name.upper() in {CONFIG, *_INTERNAL}:
            continue
        if setting in Settings.model_fields:
            continue
        cure = did_you_mean(setting, Settings.model_fields, cutoff=_MISSPELT)
        if cure.startswith("did"):
            raise SettingsError(f"{name} (environment): not a setting; {cure}")
        yield f"{name} in the environment is not a setting and has no effect"


_named: Path | None = None


def use_file(path: Path | None) -> None:
    """Have this process and its children read this configuration file, where one is named."""
    global _named  # noqa: PLW0603 - one command a process
    _named = None if path is None else path.expanduser().absolute()
    if _named is not None:
        os.environ[CONFIG] = str(_named)


def told_file() -> Path | None:
    """The configuration file that this command was given by its option; none by the environment.

    Who copies a command has the same environment.
    """
    return _named


def owner() -> str | None:
    """The process with which this one ends, where there is one: told by whoever started us."""
    return os.environ.get(f"{PREFIX}OWNER")


def forget(*, keep: Container[str]) -> frozenset[str]:
    """Take the settings out of this process's environment, and so out of its children's; which.

    Each setting in ``keep`` stays, whether given by value or by file. For a command that brings
    a configuration of its own.
    """
    forgotten = set[str]()
    for name in list(os.environ):
        setting = name.upper().removeprefix(PREFIX).lower().removesuffix("_file")
        if name.upper().startswith(PREFIX) and setting not in keep:
            del os.environ[name]
            forgotten.add(name)
    return frozenset(forgotten)


def file(path: Path | None) -> tuple[Layer, Path | None]:
    """The layer of the configuration file, and the file, where there is one."""
    path = path or _named_or_found()
    if path is None:
        return Layer("file", {}), None
    path = path.expanduser().absolute()
    layer = Layer(str(path), _parsed(path))
    _refuse_inline_secrets(layer.values, path)
    return _settled(layer, folder=path.parent), path


def _named_or_found() -> Path | None:
    if named := os.environ.get(CONFIG):
        return Path(named)
    for folder in (Path.cwd(), user_config_path("badgejobs")):
        if (folder / "badgejobs.toml").exists():
            return folder / "badgejobs.toml"
    return None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: there is no such file; write one with 'badgejobs init' or correct {CONFIG}"
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); check its owner and permissions"
        ) from error
    if len(content) > _MOST_BYTES:
        raise SettingsError(f"{path}: larger than {_MOST_BYTES // 1024} KiB; is it the right file?")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # of the place there is only the text; "at end of document" means the last line
        found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        last = content.rstrip().count(b"\n") + 1
        place = f"{found[1]}:{found[2]}" if found else str(last)
        problem = str(error).partition(" (at ")[0]
        raise SettingsError(
            f"{path}:{place}: not valid TOML: {problem}; "
            "texts stand in quotes, tables in [brackets]"
        ) from None
    except (RecursionError, ValueError) as error:
        raise SettingsError(f"{path}: not valid TOML ({type(error).__name__})") from None


def _refuse_inline_secrets(values: dict[str, Any], path: Path) -> None:
    for above, table in tables(values):
        for name in SECRETS:
            value = table.get(name)
            if value is None or (name.endswith("_url") and not _has_password(value)):
                continue
            raise SettingsError(
                f"{'.'.join((*above, name))} ({path}): a secret must not stand in this file; "
                f'put it in a file of its own (mode 0600) and write {name}_file = "path"'
            )


def _has_password(url: object) -> bool:
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return True
    return parts.password is not None or "password" in parts.query.lower()


def _settled(layer: Layer, *, folder: Path) -> Layer:
    """Make paths absolute, from the folder of the layer in which they were written."""
    for above, values in tables(layer.values):
        for name in (*_PATHS, *(f"{secret}_file" for secret in SECRETS)):
            if isinstance(values.get(name), str | Path):
                values[name] = folder / Path(values[name]).expanduser()
        for name in SECRETS:
            if values.get(name) is not None and values.get(f"{name}_file") is not None:
                place = (*above, f"{name}_file")
                raise SettingsError(
                    f"{'.'.join(place)} ({layer.origin(place)}): {name} is given as well; "
                    "keep one of the two"
                )
    return layer


def tables(values: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The mappings that can hold secrets and paths, with where they stand."""
    yield (), values
    for name in ("webhooks", "notify", "metrics", "console"):
        if isinstance(table := values.get(name), dict):
            yield (name,), table
    sites = values.get("sites")
    for name, site in sites.items() if isinstance(sites, dict) else ():
        if isinstance(site, dict):
            yield ("sites", name), site
            if isinstance(own := site.get("notify"), dict):
                yield ("sites", name, "notify"), own


def joined(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two layers as one: mappings are joined, any other value of the upper one wins.

    A secret and the file that holds it are one value.
    """
    both = dict(below)
    for name in SECRETS:
        if name in above or f"{name}_file" in above:
            both.pop(name, None)
            both.pop(f"{name}_file", None)
    for name, value in above.items():
        lower = both.get(name)
        if isinstance(value, Mapping):
            both[name] = joined(lower if isinstance(lower, Mapping) else {}, value)
        else:
            both[name] = value
    return both
