"""The door of the room: the layers joined into settings, or one clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from badgejobs.config import layers
from badgejobs.config.checks import did_you_mean
from badgejobs.config.console import Console
from badgejobs.config.notifying import Notify
from badgejobs.config.origins import Origins
from badgejobs.config.secret_files import read_secret
from badgejobs.config.settings import Assign, Metrics, Scan, Settings, SiteSettings, Webhooks
from badgejobs.errors import SettingsError

#: What a person copies from Wix for each site.
_IDS = ("app_id", "instance_id", "site_id")
_MODELS: dict[str, type[BaseModel]] = {
    "scan": Scan, "assign": Assign, "webhooks": Webhooks, "metrics": Metrics, "console": Console,
    "notify": Notify, "sites": SiteSettings,
}  # fmt: skip


def load_settings(
    config: Path | None = None, *, for_show: bool = False, **overrides: Any
) -> Settings:
    """Settings from arguments, environment, file and defaults, the first that says so.

    ``config`` is the file to read instead of the one that is named or found. ``for_show`` takes
    a secret file that cannot be read, and an id that is not filled in yet, for a warning: to look
    at settings needs neither. Raises
    :class:`badgejobs.errors.SettingsError`, which names the field, where it stands and the cure.
    """
    from_file, path = layers.file(config)
    stack = [layers.arguments(overrides), layers.environment(), from_file]
    values: dict[str, Any] = {}
    for layer in reversed(stack):
        values = layers.joined(values, layer.values)

    def origin(of: tuple[str, ...]) -> str | None:
        return next((found for layer in stack if (found := layer.origin(of))), None)

    origins = Origins(origin, path)
    warnings = [warning for layer in stack for warning in layer.warnings]
    _with_secrets(values, origins, warnings, for_show=for_show)
    if for_show:
        _with_ids(values, origins, warnings)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        # not chained: what pydantic remembers of the input may be a secret
        raise _refusal(error, origins) from None
    return settings.from_layers(origins, warnings)


def _with_secrets(
    values: dict[str, Any], origins: Origins, warnings: list[str], *, for_show: bool
) -> None:
    """Read the secret files that count after all layers have spoken."""
    for above, table in layers.tables(values):
        for name in layers.SECRETS:
            path = table.get(f"{name}_file")
            if isinstance(path, Path):
                place = (*above, f"{name}_file")
                shown = f"{'.'.join(place)} ({origins.of(place)})"
                try:
                    table[name], warning = read_secret(
                        path, shown=shown, lines=name in layers.OF_LINES
                    )
                except SettingsError as error:
                    if not for_show or len(above) == 0:
                        raise
                    table[name], warning = "missing", str(error)
                warnings += [warning] if warning else []


def _with_ids(values: dict[str, Any], origins: Origins, warnings: list[str]) -> None:
    """Something in the place of ids that ``badgejobs init`` left to be filled in."""
    for above, table in layers.tables(values):
        for name in _IDS:
            if above and above[-1] != "notify" and table.get(name) == "":
                place = (*above, name)
                table[name] = f"missing-{above[-1]}"
                shown = f"{'.'.join(place)} ({origins.of(place)})"
                warnings.append(f"{shown}: is empty; copy it from the Wix dashboard")


def _refusal(error: ValidationError, origins: Origins) -> SettingsError:
    errors = error.errors(include_url=False, include_input=False)
    path = tuple(str(step) for step in errors[0]["loc"])
    of = path[:-1] if errors[0]["type"] == "missing" else path
    origin = origins.of(of) or str(origins.file or "no configuration file")
    sentence = _sentence(errors[0], path)
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return SettingsError(f"{'.'.join(path)} ({origin}): {sentence}{more}")


def _sentence(error: Any, path: tuple[str, ...]) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "setting":
            return str(context["text"])
        case "extra_forbidden":
            known = Settings if len(path) == 1 else _MODELS.get(path[0], Settings)
            return f"not a setting; {did_you_mean(path[-1], known.model_fields)}"
        case "missing":
            return f"is missing; add {path[-1]} = ..., or correct the name '{path[-2]}'"
        case "greater_than_equal":
            return f"must be {context['ge']} or more"
        case "less_than_equal":
            return f"must be {context['le']} or less"
        case "int_parsing" | "int_type" | "int_from_float":
            return "must be a whole number, such as 60"
        case "literal_error" | "enum":
            return f"must be one of {context['expected']}"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"must be a table: write [{'.'.join(path)}] and its keys below"
        case "string_type" | "path_type" | "tuple_type":
            return "must be a text in quotes, or a list of such where a list is wanted"
        case _:
            return str(error["msg"])
