"""The answer of a bulk call: a result an item, by its place in the request, and the totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from badgejobs.sandbox import validation
from badgejobs.sandbox.endpoints.endpoint import Answer, Call
from badgejobs.sandbox.refusals import Refusal
from badgejobs.wix import wire


@dataclass(slots=True)
class Bulk:
    """Collects what became of each item; failed ones have no row where that is asked for."""

    call: Call
    results: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0
    undetailed: int = 0

    def succeeded(self, index: int, item_id: str, item: dict[str, Any] | None = None) -> None:
        """Note an item that is done, with the whole of it if it is to be returned."""
        told = {"itemMetadata": {"id": item_id, "originalIndex": index, "success": True}}
        self.results.append(told if item is None else told | {"item": item})

    def failed(self, index: int, refusal: Refusal) -> None:
        """Note an item that was refused; the others go on."""
        self.failures += 1
        if self.call.switches.undetailed_failures == "on":
            self.undetailed += 1
            return
        error = refusal.body["details"]["applicationError"]
        metadata = {"originalIndex": index, "success": False, "error": error}
        self.results.append({"itemMetadata": metadata})

    def answer(self) -> Answer:
        """The results and the totals; failures without a row are counted in both totals."""
        totals = {
            "totalSuccesses": len(self.results) - (self.failures - self.undetailed),
            "totalFailures": self.failures,
            "undetailedFailures": self.undetailed,
        }
        return {"results": self.results, "bulkActionMetadata": totals}


def ids(call: Call, field_name: str) -> list[str]:
    """The 1 to 100 ids of a bulk call; a malformed one refuses the whole."""
    given = validation.items(call.body.get(field_name), field_name, least=1, most=wire.MOST_ITEMS)
    return [validation.guid(one, f"{field_name}[{index}]") for index, one in enumerate(given)]
