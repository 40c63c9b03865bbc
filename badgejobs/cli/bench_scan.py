"""What it costs to find out which comments changed, counted by the sandbox that was asked."""

from __future__ import annotations

import random
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, log2
from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.bench_sandbox import measured_sandbox, measuring_client
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.progress import Progress
from badgejobs.core.milestone import Count, Milestone, Ruleset, Selection
from badgejobs.core.policy import CommentPolicy
from badgejobs.core.site import Site
from badgejobs.core.source import Track
from badgejobs.errors import SettingsError, StateError
from badgejobs.flow.cadence import PAGE, Cadence, Latency, worst_case
from badgejobs.flow.pages import Scanned
from badgejobs.flow.scan import scan
from badgejobs.jobs.retrying import patience
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import made_up
from badgejobs.sandbox.remote import RemoteSandbox
from badgejobs.sources.comments import Comments
from badgejobs.store import SqlStore, open_store
from badgejobs.wix import wire
from badgejobs.wix.client import WixClient

_SITE, _BLOG = "bench", wire.COMMENT_APPS["blog"]
_INSTANCE = builtin.instance_id(1)
_RULES = Ruleset(
    version="bench",
    milestones=(
        Milestone(
            badge="ten-comments",
            title="Ten Comments",
            look=None,
            condition=Count(of=Selection(source="comments", policy=CommentPolicy()), gte=10),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What finding some changed posts took."""

    changed_posts: int
    counts: int
    #: The most that it may be: 1 + 2k(1 + log2(R/k)).
    counts_bound: int
    pages: int
    #: The fewest on which all comments of these posts find room.
    pages_of_these_posts: int
    #: In how many slices of work; each begins with a count of all.
    slices: int
    #: Whether the probe left it to the walk, which is cheaper then.
    by_walk: bool


def measure_scan(
    *,
    comments: Annotated[int, typer.Option(min=1, max=made_up.MOST)] = 100_000,
    posts: Annotated[int, typer.Option(min=1, help="On which they stand.")] = 5_000,
    changed: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Posts that change at once; repeatable [default: 1, 10, 100]."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed changes other posts.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Calls to notice that nothing changed among comments, and to find the posts that did.

    A sandbox with so many comments is read in full, into a database of its own; then posts at
    random get a comment more each, and the live scan finds them. The sandbox counts the calls.

    Example: badgejobs bench scan --comments 100000 --posts 5000
    """
    some = changed or [1, 10, 100]
    if posts > comments or max(some) > posts:
        raise SettingsError("--posts is at most --comments, and --changed at most --posts")
    out = Output(as_json=as_json)
    with (
        out.progress() as tell,
        tempfile.TemporaryDirectory() as folder,
        measured_sandbox(f"comments:{comments}:{posts}") as url,
        measuring_client(url) as client,
    ):
        site = _Site(folder, url, client, tell)
        walk_pages = site.read_in_full(comments)
        steady = site.tick()
        found = [site.find(number, random.Random(seed + number), posts) for number in some]  # noqa: S311 - spread
        site.close()
    cadence = Cadence()
    latency = worst_case(cadence, "walk", is_probed=True, records=comments)
    _told(out, comments=comments, posts=posts, seed=seed, walk_pages=walk_pages, steady=steady,
          found=found, latency=latency, cadence=cadence)  # fmt: skip


class _Site:
    """The site in the sandbox, read into a database; time passes only where it is told to."""

    def __init__(self, folder: str, url: str, client: WixClient, tell: Progress) -> None:
        self._now = datetime.now(UTC)
        self._store: SqlStore = open_store(
            f"sqlite:///{Path(folder) / 'bench.db'}", clock=lambda: self._now
        )
        self._store.migrate()
        self._wix, self._client, self._tell = RemoteSandbox(url), client, tell
        self._source = Comments(Site(name=_SITE, comment_apps=(_BLOG,)))
        self._cadence = Cadence()

    def close(self) -> None:
        self._store.dispose()

    def read_in_full(self, number: int) -> int:
        """The backfill; how many pages it read."""
        self._tell(f"reading {number:,} comments")
        done = self._scan(Track.FULL)
        if done.new != number:
            raise StateError(f"of {number} comments {done.new} were read")
        return self._calls(wire.COMMENTS_QUERY)

    def tick(self) -> int:
        """A live scan while nothing changes; how many calls it makes."""
        before = self._calls()
        self._scan(Track.LIVE)
        return self._calls() - before

    def find(self, number: int, chance: random.Random, posts: int) -> Found:
        """Let posts at random have a comment more each, and find all of these."""
        self._tell(f"finding {number:,} changed posts")
        changed = sorted(chance.sample(range(posts), number))
        on_them = self._on(changed) + number
        self._wix.store(
            _INSTANCE,
            "comments",
            [
                made_up.comment(str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                                number=place, post=post, at=self._now)
                for place, post in enumerate(changed)
            ],
        )  # fmt: skip
        counts, pages = self._calls(wire.COMMENTS_COUNT), self._calls(wire.COMMENTS_QUERY)
        slices, done = 1, self._scan(Track.LIVE)
        new = done.new
        while done.more:  # a probe that lasts long tells what it has found, and goes on
            slices, done = slices + 1, self._scan(Track.LIVE)
            new += done.new
        by_walk = not done.completed
        if by_walk:
            self._now += self._cadence.walk_at_most_every
            new += self._scan(Track.FULL).new
        if new != number:
            raise StateError(f"of {number} new comments {new} were found")
        return Found(
            changed_posts=number,
            counts=self._calls(wire.COMMENTS_COUNT) - counts,
            counts_bound=ceil(1 + 2 * number * (1 + log2(posts / number))),
            pages=self._calls(wire.COMMENTS_QUERY) - pages,
            pages_of_these_posts=ceil(on_them / PAGE),
            slices=slices,
            by_walk=by_walk,
        )

    def _on(self, posts: Sequence[int]) -> int:
        with self._store.read() as tx:
            known = tx.resources.known(_SITE, self._source.name)[_BLOG]
        return sum(known[made_up.post_id(post)] for post in posts)

    def _scan(self, track: Track) -> Scanned:
        return scan(
            _SITE,
            self._source,
            self._client,
            lambda: _RULES,
            self._store,
            track=track,
            cadence=self._cadence,
            patience=patience,
            time_is_up=lambda: False,
            heard=lambda so_far: self._tell.counted("comments read", so_far.seen),
        )

    def _calls(self, path: str | None = None) -> int:
        """How many requests of the Comments API the sandbox answered, by its own count."""
        paths = {path} if path else {wire.COMMENTS_COUNT, wire.COMMENTS_QUERY}
        told = self._wix.stats(_INSTANCE)["requests"]
        return sum(one["count"] for one in told if one["path"] in paths)


def _told(
    out: Output,
    *,
    comments: int,
    posts: int,
    seed: int,
    walk_pages: int,
    steady: int,
    found: Sequence[Found],
    latency: Latency,
    cadence: Cadence,
) -> None:
    seconds = {name: round(one / timedelta(seconds=1)) for name, one in asdict(latency).items()}
    out.result(
        {
            "comments": comments,
            "posts": posts,
            "apps": 1,
            "seed": seed,
            "calls_of_a_steady_tick": steady,
            "walk_pages": walk_pages,
            "found": [asdict(one) for one in found],
            "spare_pages_a_minute": cadence.spare_pages_a_minute,
            "worst_case_seconds": seconds,
        },
        Rows(
            ("what", "calls"),
            [
                ("a steady tick, one app", f"{steady:,}"),
                ("a full walk, or the backfill: pages", f"{walk_pages:,}"),
            ],
        ),
        Rows(
            ("changed posts", "counts", "at most", "pages", "of these posts alone", "found by"),
            [
                (f"{one.changed_posts:,}", f"{one.counts:,}", f"{one.counts_bound:,}",
                 f"{one.pages:,}", f"{one.pages_of_these_posts:,}",
                 "the walk" if one.by_walk else "the probe")
                for one in found
            ],
        ),
        Rows(
            ("a change that is", "unknown for at most"),
            [(name.replace("_", " "), str(timedelta(seconds=n))) for name, n in seconds.items()],
        ),
    )  # fmt: skip
    out.note(f"seed {seed}; walks at {cadence.spare_pages_a_minute:g} pages a minute")
