"""Requests and answers of Wix's API, written down from its documentation with made-up values.

Each file of ``samples`` is one exchange, ``{"source", "request": {"method", "path", "query",
"body"}, "response": {"status", "headers", "body"}}``: the client is held to them, and so is the
sandbox.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "samples"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One exchange."""

    #: Where the shape is documented, and what about it is assumed.
    source: str
    method: str
    path: str
    query: dict[str, str]
    #: ``None`` where none is sent.
    body: Any
    status: int
    headers: dict[str, str]
    answer: Any


def sample(name: str) -> Sample:
    """One exchange by the name of its file."""
    told = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    request, response = told["request"], told["response"]
    return Sample(
        source=told["source"],
        method=request["method"],
        path=request["path"],
        query=request["query"],
        body=request["body"],
        status=response["status"],
        headers=response["headers"],
        answer=response["body"],
    )


NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.json"))
