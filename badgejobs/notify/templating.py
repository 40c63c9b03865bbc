"""Templates of what is told: ours, and in their place those of a folder of the user's."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from badgejobs.errors import FileError, SettingsError

_OURS = Path(__file__).parent / "templates"

#: The mail, and the body of a webhook, which we have no template for.
SUBJECT, TEXT, HTML, WEBHOOK = (
    "digest.subject.j2", "digest.txt.j2", "digest.html.j2", "webhook.json.j2",
)  # fmt: skip

#: What a template can bring about besides errors of its own kind.
_BROKEN = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


class Templates:
    """Renders by name. Templates reach the values they are given and nothing else."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise SettingsError(
                f"notify.templates: there is no folder {folder}; make or correct it"
            )
        self._folder = folder
        folders = [folder] if folder else []
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(one) for one in (*folders, _OURS)]),
            autoescape=lambda name: bool(name) and ".html." in str(name),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def has(self, name: str) -> bool:
        """Whether there is such a template, ours or the user's."""
        return name in self._environment.list_templates()

    def rendered(self, name: str, values: Mapping[str, Any]) -> str:
        """What a template makes of these values; ``FileError`` with file and line where it cannot.

        The text of the error holds none of the values.
        """
        try:
            return self._environment.get_template(name).render(values)
        except _BROKEN as error:
            raise self.broken(name, error) from None

    def broken(self, name: str, error: Exception) -> FileError:
        """The error that a template's failure is, which names file and line and no value."""
        line = error.lineno if isinstance(error, TemplateSyntaxError) else None
        file = name
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.endswith(".j2"):
                file, line = Path(frame.filename).name, frame.lineno
        if isinstance(error, TemplateSyntaxError) and error.name:
            file = error.name
        of_user = self._folder is not None and (self._folder / file).is_file()
        # our own kind speaks of the template's words; any other may quote a value
        told = str(error).splitlines()[0] if isinstance(error, TemplateError) else ""
        problem = f"{type(error).__name__}: {told}" if told else type(error).__name__
        return FileError(
            f"the template cannot be used ({problem}); correct it, and `badgejobs notify preview "
            "SITE` shows what it makes",
            file=str((self._folder if of_user and self._folder else _OURS) / file),
            line=line,
        )
