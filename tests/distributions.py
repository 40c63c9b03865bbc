"""Installed packages, as pip leaves them: a folder with their modules and what is said of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

#: A source that reads nothing, under a name of the test's own.
PLAIN = """\
from badgejobs.core.source import Page


class Source:
    name = {name!r}
    mode = {mode!r}

    def __init__(self, site):
        self.site = site

    def fetch(self, client, scope, cursor):
        return Page(activities=())
"""


def install(
    folder: Path, package: str, *, points: Mapping[str, str], modules: Mapping[str, str]
) -> None:
    """Install a package that offers ``points`` as sources: from name to ``module:class``."""
    about = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = ["[badgejobs.sources]", *(f"{name} = {value}" for name, value in points.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def plain(name: str, mode: str = "walk") -> str:
    """The module of a source that reads nothing."""
    return PLAIN.format(name=name, mode=mode)


#: The worked example, as its author has it.
REVIEWS = Path(__file__).parent / "plugins" / "badgejobs-reviews"


def link(folder: Path, project: Path) -> None:
    """Install a project as an editable one is: what is said of it by its own pyproject.toml."""
    told = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = told["entry-points"]["badgejobs.sources"]
    install(folder, told["name"], points=points, modules={})
