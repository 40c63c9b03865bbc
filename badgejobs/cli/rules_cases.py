"""Cases that a user writes: given these activities, expect these badges at these times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from badgejobs.cli.exits import Code
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.rules_eval import known_sources
from badgejobs.rules.cases import CaseResult, Mismatch, load_cases, run


def cases(
    files: Annotated[list[Path], typer.Argument(help="Files of cases.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run cases: given these activities, these members have these badges at these times.

    A file of cases names its rules. Each case tells a story and what must be true at some moments
    of it; a badge that is not expected must not be there. `badgejobs rules help` says how to
    write one. Ends with 1 where a case comes out otherwise.

    Example: badgejobs rules test shop.cases.yaml
    """
    out, sources = Output(as_json=as_json), known_sources()
    found = [(file, list(run(load_cases(file, sources=sources)))) for file in files]
    results = [(file, one) for file, theirs in found for one in theirs]
    failed = sum(bool(one.mismatches) for _, one in results)
    out.result(
        {
            "passed": len(results) - failed,
            "failed": failed,
            "files": [{"file": str(f), "cases": [*map(_data, theirs)]} for f, theirs in found],
        },
        Rows(
            ("place", "case", "outcome"),
            [
                (f"{file}:{one.line}", one.name, "failed" if one.mismatches else "ok")
                for file, one in results
            ],
        ),
        *(line for file, one in results for line in _diff(file, one)),
    )
    out.note(f"{len(results)} case(s), {failed} failed")
    if failed:
        raise typer.Exit(Code.FAILURE)


def _diff(file: Path, result: CaseResult) -> Iterator[str]:
    for one in result.mismatches:
        yield f"\n{file}:{one.line}: {result.name}"
        yield f"  {one.member}, {one.badge}, as of {one.as_of.isoformat()}"
        yield f"  - expected: {one.expected}"
        yield f"  + got:      {one.got}"
        for line in one.why:
            yield f"      {line}"


def _data(result: CaseResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "line": result.line,
        "ok": not result.mismatches,
        "mismatches": [_mismatch(one) for one in result.mismatches],
    }


def _mismatch(one: Mismatch) -> dict[str, Any]:
    return {
        "line": one.line,
        "as_of": one.as_of,
        "member": one.member,
        "badge": one.badge,
        "expected": one.expected,
        "got": one.got,
        "why": one.why,
    }
