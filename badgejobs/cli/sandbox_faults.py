"""A running sandbox from outside: script a fault, look at what was asked."""

from __future__ import annotations

import json
import textwrap
from typing import Annotated, Any

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.sandbox_running import HERE, AsJson, Url, running_sandbox, wrong_usage
from badgejobs.sandbox.faults.fields import parse_fault
from badgejobs.sandbox.faults.kinds import EFFECTS, Processed
from badgejobs.sandbox.refusals import Refusal

_TITLES = (
    ("Kinds that keep the request from being processed:", Processed.NOT, False),
    ("Kinds that let it be processed later than anyone waits:", Processed.LATE, False),
    ("Kinds that spoil the answer of a request that is processed:", Processed.AT_ONCE, False),
    ("Kinds that spoil a page of a list (other requests are not hit):", Processed.AT_ONCE, True),
)


def _kinds_in_words() -> str:
    """Every kind with what it does, in paragraphs that help leaves as they are."""
    paragraphs = []
    for title, processed, of_lists in _TITLES:
        lines = [
            line
            for kind, effect in EFFECTS.items()
            if (effect.processed, effect.of_lists) == (processed, of_lists)
            for line in textwrap.wrap(
                f"{kind:<20}{effect.does}",
                width=78,
                initial_indent="  ",
                subsequent_indent=" " * 22,
                break_on_hyphens=False,
            )
        ]
        paragraphs.append("\n".join(["\b", title, *lines]))
    return "\n\n".join(paragraphs)


KINDS_IN_WORDS = _kinds_in_words()


def fault(
    path: Annotated[str, typer.Argument(help="Path of the API; * at its end matches any rest.")],
    kind: Annotated[str, typer.Argument(help="What goes wrong; all kinds stand below.")],
    *,
    method: Annotated[str, typer.Option(help="Only requests of this method.")] = "*",
    instance: Annotated[
        str | None, typer.Option(help="Only requests of the site with this instance id.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="How many requests are hit. Default: 1.")
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Hit until the next reset.")] = False,
    first_call: Annotated[
        int | None, typer.Option(help="Let the matching requests before this one pass.")
    ] = None,
    probability: Annotated[
        float | None, typer.Option(help="Hit each request with this chance, above 0 up to 1.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="What chance is drawn from.")] = None,
    status: Annotated[int | None, typer.Option(help="Of the answer, 200 to 599.")] = None,
    retry_after: Annotated[
        str | None, typer.Option(help="Retry-After as it is sent: seconds, a date, nonsense.")
    ] = None,
    delay: Annotated[float | None, typer.Option(help="In seconds. Default: 2.")] = None,
    size: Annotated[int | None, typer.Option("--bytes", help="Size of a flood.")] = None,
    body: Annotated[str | None, typer.Option(help="The JSON to answer with.")] = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Script one fault in a running sandbox.

    It hits the next request that matches and that no older fault hits.

    Example: badgejobs sandbox fault /badges/v4/assignments late-write --method POST --delay 5
    """
    given = {
        "path": path, "kind": kind, "method": method, "count": count, "firstCall": first_call,
        "probability": probability, "seed": seed, "status": status, "retryAfter": retry_after,
        "delaySeconds": delay, "bytes": size, "forever": forever or None, "instanceId": instance,
    }  # fmt: skip
    form: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if body is not None:
        form["body"] = _json(body)
    if not path.startswith(("/", "*")):
        wrong_usage(f"PATH begins with / as in /badges/v4/badges, or is *; not {path!r}")
    try:
        parse_fault(form, "fault")
    except Refusal as refusal:
        wrong_usage(str(refusal.body["message"]).removeprefix("fault."))
    with running_sandbox(url) as sandbox:
        sandbox.faults([form])
    Output(as_json=as_json).result({"url": sandbox.base_url, "fault": form}, _in_words(form))


def log(
    *,
    last: Annotated[int | None, typer.Option(min=1, help="Only so many, the latest.")] = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the requests that a running sandbox got since its last reset.

    Example: badgejobs sandbox log --last 20
    """
    with running_sandbox(url) as sandbox:
        requests = sandbox.log()
    if last is not None:
        requests = requests[-last:]
    columns = ("time", "method", "path", "status", "fault", "instanceId")
    rows = [[_cell(one, name) for name in columns] for one in requests]
    shown = Rows(("time", "method", "path", "status", "fault", "instance"), rows)
    Output(as_json=as_json).result({"requests": requests}, shown)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        wrong_usage(f"--body is JSON, as '[]'; not {text!r}")


def _in_words(form: dict[str, Any]) -> str:
    """One line that says what will happen.

    >>> _in_words({"path": "/oauth2/token", "kind": "status", "method": "*", "status": 500})
    'scripted: status for any method /oauth2/token, the next request (status 500)'
    """
    method = "any method" if form["method"] == "*" else form["method"]
    count = form.get("count", 1)
    which = "the next request" if count == 1 else f"the next {count} requests"
    if "forever" in form:
        which = "every request"
    if "firstCall" in form:
        which += f" from call {form['firstCall']} on"
    if "probability" in form:
        which += f", each by a chance of {form['probability']:g} (seed {form.get('seed', 0)})"
    more = [
        f"{name} {json.dumps(form[name]) if name == 'body' else form[name]}"
        for name in ("status", "retryAfter", "delaySeconds", "bytes", "body")
        if name in form
    ]
    if "instanceId" in form:
        which += f" of {form['instanceId']}"
    told = f"scripted: {form['kind']} for {method} {form['path']}, {which}"
    return f"{told} ({', '.join(more)})" if more else told


def _cell(request: dict[str, Any], name: str) -> str:
    found = request[name]
    return "-" if found is None else str(found)
