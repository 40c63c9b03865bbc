"""The page at ``/``: what this server is, whom it knows, and how to use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from badgejobs.sandbox import builtin, switches
from badgejobs.sandbox.history.seeds import KINDS
from badgejobs.sandbox.world import Site, World

#: The admin calls with their meaning, in the order in which one uses them.
CALLS: Final[Mapping[str, str]] = {
    "POST /_sandbox/reset": "forget everything; set up sites and options",
    "POST /_sandbox/members": "store members, in the form of the REST API",
    "POST /_sandbox/orders": "store orders",
    "POST /_sandbox/comments": "store comments",
    "POST /_sandbox/payments": "store payments and refunds, by the id of their order",
    "POST /_sandbox/products": "store products, with collectionIds, as Catalog V1 has them",
    "POST /_sandbox/collections": "store the collections or categories that products are in",
    "POST /_sandbox/posts": "store posts of the blog, with memberId and referenceId",
    "POST /_sandbox/reviews": "store reviews of products, with author.contactId",
    "POST /_sandbox/seed": "give one site the made-up orders of a seed orders:N",
    "POST /_sandbox/site": "set timeZone, paymentCurrency and catalogVersion of a site",
    "POST /_sandbox/replay": "let the shipped real history arrive, over so many seconds",
    "GET /_sandbox/replay": "how far that is",
    "POST /_sandbox/faults": "disturb the next requests that match",
    "POST /_sandbox/switches": "choose an answer where Wix leaves it open",
    "GET /_sandbox/switches": "every such choice, with its positions and what is open",
    "GET /_sandbox/log": "every API request since the last reset, without secrets",
    "GET /_sandbox/state": "badges and assignments that stand now",
    "GET /_sandbox/stats": "requests by path and status; duplicates made",
}
#: What a site holds, as columns.
_HELD: Final = ("badges", "assignments", *KINDS)


def page(world: World, *, url: str) -> str:
    """The page as HTML; ``url`` is where the reader reached this server."""
    options = world.options
    shown = [(one.name.replace("_", " "), getattr(options, one.name)) for one in fields(options)]
    return _template().render(
        sites=[_site(world, site) for site in world.sites.values()],
        kinds=_HELD,
        calls=CALLS.items(),
        options=shown,
        switches=switches.shown(world.switches).items(),
        url=url,
    )


def _site(world: World, site: Site) -> dict[str, Any]:
    """What the page shows of a site.

    A secret or key is shown only where it is the built-in one, which is no secret: whoever
    set up a site may have taken credentials that open a real one.
    """
    site.advance(world.clock())
    one = site.installation
    key = one.api_key and (one.api_key if one.api_key == builtin.API_KEY else _HIDDEN)
    return {
        "site_id": one.site_id,
        "instance_id": one.instance_id,
        "app_id": one.app_id,
        "secret": one.app_secret if one.app_secret == builtin.APP_SECRET else _HIDDEN,
        "key": key or "none",
        "scopes": "all" if one.scopes is None else ", ".join(sorted(one.scopes)) or "none",
        "held": [len(getattr(site, kind).current) for kind in _HELD],
    }


_HIDDEN: Final = "as it was set up"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("badgejobs.sandbox", ""), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("welcome.html")
