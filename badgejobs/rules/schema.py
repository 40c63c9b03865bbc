"""The JSON Schema of a rules file, with which editors complete and check it.

``python -m badgejobs.rules.schema`` writes it anew after a change of the models.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.names import OUR_SOURCES

#: The schema as it is shipped.
PATH = Path(__file__).with_name("rules.schema.json")


def schema_text(*, sources: AbstractSet[str] = OUR_SOURCES) -> str:
    """The schema of the models as they stand, as the text of the shipped file.

    With more ``sources`` than ours it is the one of a place where plug-ins are installed.
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_knowing(sorted(sources), _without_empty_defaults(Rules.model_json_schema())),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _without_empty_defaults(node: Any) -> Any:
    """A key that is left out is no ``null``, which an editor would write."""
    if isinstance(node, list):
        return [_without_empty_defaults(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_empty_defaults(value)
        for key, value in node.items()
        if (key, value) != ("default", None)
    }


def _knowing(sources: list[str], node: Any) -> Any:
    """The same with these for the sources that can be named."""
    if isinstance(node, list):
        return [_knowing(sources, one) for one in node]
    if not isinstance(node, dict):
        return node
    known = {"enum": sources} if node.get("enum") == sorted(OUR_SOURCES) else {}
    return {key: _knowing(sources, value) for key, value in node.items()} | known


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
