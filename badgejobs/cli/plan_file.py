"""A plan as a file: one JSON document, of which each row is a line; for our eyes only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from badgejobs.core.plan import ACTIONS, Calls, Kind, PlanError, PlanRow, Totals

#: The form of the document.
FORM = 1

#: What was begun is gone on with for so long; after that it is held against now once more.
GOES_ON = timedelta(days=1)

_TIMES = frozenset({"earned_at", "at"})
_TEXTS = ("member_id", "badge", "reason")
_NAMES = frozenset(one.name for one in fields(PlanRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a plan is of."""

    site: str
    made_at: datetime
    #: The version that was planned, and the text that means it.
    version: str
    text: str
    #: Whether the text is another than that of the site's own rules: it is to take their place.
    replaces: bool
    #: A digest of the site's own rules as they were written when it was made.
    own_text: str
    #: The version that was taken up by then.
    in_force: str | None
    #: Up to when each source was read.
    read_to: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan that was read: its head, and what it does by (member_id, badge)."""

    path: Path
    head: Head
    rows: Mapping[tuple[str, str], PlanRow]
    totals: Totals
    #: Names the document to the last byte.
    digest: str


def text_digest(text: str) -> str:
    """Names a text to the last letter."""
    return hashlib.sha256(text.encode()).hexdigest()


def row_as_json(row: PlanRow) -> dict[str, Any]:
    """A row without what it does not tell."""
    told = {name: value for name, value in asdict(row).items() if value or name in _TEXTS}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in told.items()
    }


def totals_as_json(totals: Totals) -> dict[str, Any]:
    """Numbers by badge and kind, and some rows of each kind."""
    return {
        "totals": {badge: dict(told) for badge, told in sorted(totals.by_badge.items())},
        "guarded": totals.guarded,
        "new_awards": totals.capped,
        "sample": {
            column: [row_as_json(one) for one in some] for column, some in totals.sample.items()
        },
    }


def calls_as_json(calls: Calls, per_minute: int) -> dict[str, Any]:
    """Calls by their kind, and how long they take."""
    return {
        "calls": asdict(calls) | {"total": calls.total},
        "requests_per_minute": per_minute,
        "seconds": calls.seconds(per_minute),
    }


def written(
    head: Head,
    rows: Iterator[PlanRow],
    end: Callable[[], Mapping[str, Any]],
    write: Callable[[str], object],
) -> None:
    """Write a document row by row; ``end`` is asked when all are written."""
    told = {"plan": FORM} | asdict(head) | {"read_to": dict(head.read_to)}
    start = json.dumps(told, default=_plain, ensure_ascii=False, indent=1)
    write(start.removesuffix("\n}") + ',\n "rows": [')
    comma = ""
    for row in rows:
        write(f"{comma}\n{json.dumps(row_as_json(row), ensure_ascii=False)}")
        comma = ","
    write("\n ]")
    for name, value in end().items():
        write(f',\n "{name}": {json.dumps(value, default=_plain, ensure_ascii=False)}')
    write("\n}\n")


@contextmanager
def replaced(
    path: Path, *, mode: int = 0o600, owner: tuple[int, int] | None = None
) -> Iterator[Callable[[str], object]]:
    """A file that is there when all of it is written, and else is as it was before.

    It is made another ``owner``'s (user and group) where we may. Raises ``PlanError`` where it
    cannot be written, or is a device, pipe or folder, which is not to be replaced.
    """
    if path.exists() and not path.is_file():
        raise PlanError("is no plain file: name one that is, or is not there", file=str(path))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # what is left of a process that was killed, or was put there for us to follow
        fresh.unlink(missing_ok=True)
        number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(number, "w", encoding="utf-8", newline="") as opened:
            if owner is not None:
                with suppress(PermissionError):
                    os.fchown(opened.fileno(), *owner)
            os.fchmod(opened.fileno(), mode)
            yield opened.write
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(path)
    except OSError as error:
        why = error.strerror or "unknown"
        cure = "see who may write in its folder, and that the disk has room"
        raise PlanError(f"cannot be written: {why}; {cure}", file=str(path)) from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def read_plan(path: Path) -> PlanFile:
    """The plan of a file; raises ``PlanError`` with the cure."""
    totals, rows = Totals(), dict[tuple[str, str], PlanRow]()

    def keep(told: dict[str, Any]) -> Any:
        if "kind" not in told or "member_id" not in told:
            return told
        row = _row(told)
        return row if row.kind in ACTIONS else row.kind

    try:
        content = path.read_bytes()
        told = json.loads(content, object_hook=keep)
        if told.get("plan") != FORM:
            raise PlanError(f"'plan' must be {FORM}: plan anew with this version", file=str(path))
        for row in told["rows"]:
            if isinstance(row, PlanRow):
                rows[row.pair] = row
                totals.add(row)
        head = Head(
            site=str(told["site"]),
            made_at=datetime.fromisoformat(told["made_at"]),
            version=str(told["version"]),
            text=str(told["text"]),
            replaces=bool(told["replaces"]),
            own_text=str(told["own_text"]),
            in_force=told["in_force"],
            read_to={k: datetime.fromisoformat(v) for k, v in told["read_to"].items()},
        )
    except OSError as error:
        why = error.strerror or "unknown"
        cure = f"`badgejobs plan SITE --out {path.name}` writes one"
        raise PlanError(f"cannot be read: {why}; {cure}", file=str(path)) from error
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        # never the value itself, which could be a member's
        what = f"{error} is missing" if isinstance(error, KeyError) else "it is broken"
        raise PlanError(
            f"is no plan ({what}); `badgejobs plan SITE --out {path.name}` writes one",
            file=str(path),
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    return PlanFile(path=path, head=head, rows=rows, totals=totals, digest=digest)


def is_begun(plan: PlanFile, now: datetime) -> bool:
    """Whether an earlier call of the last day has begun to apply this very plan."""
    try:
        digest, at = _mark(plan.path).read_text(encoding="utf-8").split()
        return digest == plan.digest and now - datetime.fromisoformat(at) < GOES_ON
    except (OSError, ValueError, TypeError):
        return False


def begin(plan: PlanFile, now: datetime) -> None:
    """Note beside the plan that it was begun, so that a later call goes on with it."""
    with replaced(_mark(plan.path)) as write:
        write(f"{plan.digest} {now.isoformat()}\n")


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.begun")


def _row(told: dict[str, Any]) -> PlanRow:
    if unknown := told.keys() - _NAMES:
        raise ValueError(f"rows have no {min(unknown)}")
    if not all(isinstance(told.get(name), str) for name in _TEXTS):
        raise ValueError("a row names a member, a badge and a reason")
    times = {name: datetime.fromisoformat(told[name]) for name in _TIMES & told.keys()}
    return PlanRow(**told | times | {"kind": Kind(told["kind"])})


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
