"""Why one member has a badge or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text
from rich.tree import Tree

from badgejobs.cli.as_of import AsOf, told_moment
from badgejobs.cli.output import Output

if TYPE_CHECKING:
    from badgejobs.core.explanation import Line

_STYLES = {True: "green", False: "yellow", None: ""}


def explain(
    site: Annotated[str, typer.Argument(help="The site.")],
    member: Annotated[str, typer.Argument(help="The member's id at Wix.")],
    badge: Annotated[str, typer.Argument(help="The badge, by its id in the rules or its title.")],
    *,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say why a member has a badge or not: each condition's number, and every activity.

    Of every activity it is said whether it counts and, where not, why; then what is missing and
    by when, and where the award stands. Only what is recorded is looked at: Wix is not asked.
    With --as-of the facts as they are recorded now are held against the rules of now, as of that
    moment; the award is the one that stands.

    Example: badgejobs explain my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 gold

    Example: badgejobs explain my-shop 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201 "Gold Member" --json
    """
    from badgejobs.cli.byhand import member_id  # noqa: PLC0415 - every library of the house
    from badgejobs.cli.opening import known_site, opened, settled  # noqa: PLC0415 - as above
    from badgejobs.flow.explaining import explain as explained  # noqa: PLC0415 - as above
    from badgejobs.rules.wording.explanations import as_data, grown  # noqa: PLC0415 - as above

    settings, out, at = settled(), Output(as_json=as_json), told_moment(as_of)
    name, who = known_site(settings, site), member_id(member)
    with opened(settings) as house:
        rules = house.at(name).rules()
        found = explained(house.store, name, who, badge, rules, as_of=at)
    out.result(as_data(found), _Grown(grown(found)))


@dataclass(frozen=True, slots=True)
class _Grown:
    """A tree on a terminal, and indented lines for pipes."""

    line: Line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from badgejobs.rules.wording.proofs import flat  # noqa: PLC0415 - the rules language

        if console.is_terminal:
            wrapped = options.update(no_wrap=False, overflow="fold")
            yield from console.render(_branch(self.line), wrapped)
        else:
            yield Text("\n".join(flat(self.line)), overflow="ignore", no_wrap=True)


def _branch(line: Line) -> Tree:
    found = Tree(Text(line.text, style=_STYLES[line.met]))
    found.children = [_branch(one) for one in line.children]
    return found
