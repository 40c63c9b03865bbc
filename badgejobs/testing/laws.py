"""What every source keeps to, and what is said of one that does not."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn


class Law(StrEnum):
    """What badgejobs relies on when it reads a source. A badge is wrong where one is broken."""

    # ------------------------------------------------------------ what it is
    #: Small letters, digits and ``_``, a letter first: it stands in rules, tables and tasks.
    NAME = "its class has a name that rules can write"
    MODE = "its class has a mode, which is 'window' or 'walk'"
    # ------------------------------------------------------------ pages
    FORM = "each page is a Page of Activity and Unreadable values"
    #: Nothing else tells when a reading is done, and what it missed.
    END = "pages end: a cursor comes once, and the last page has none"
    #: The next page may be asked for by another process, days later.
    CURSOR = "a cursor is a text, and all that another object needs to go on"
    #: Or a reading whose cursor ran out would never begin anew.
    REFUSED = "a cursor that Wix does not take, or that is not its own, raises CursorRefused"
    ANSWERED = "each page carries Wix's time, by which too new stamps are known"
    # ------------------------------------------------------------ records
    OWN = "each record names the site and the source that it was read for"
    TIMES = "times have their zone"
    ONCE = "no page tells a record twice"
    #: Of a walk too: what two of them miss is held to be gone.
    COMPLETE = "a reading tells all that stands at Wix, and nothing else"
    SAME = "the same scope read twice tells the same"
    STAMP = "updated_at is the last change by Wix's clock, and a change is newer than what was"
    TEXTS = "an activity holds ids, times and amounts: no names, no addresses, no texts"
    # ------------------------------------------------------------ windows
    ASCENDING = "a window tells the oldest change first"
    NOT_BEFORE = "a window tells nothing from before its beginning"
    #: More records than a page holds may share one stamp.
    INCLUSIVE = "a window tells what changed at the very moment of its beginning"
    # ------------------------------------------------------------ what goes wrong
    ASIDE = "a record that cannot be understood is Unreadable in its page, and spoils no other"
    REASON = "the reason names a field, in one line, and no value of it"
    #: They say when to come again, and whether to ask a person.
    ERRORS = "errors of the client arrive as they are"
    #: The pace of the site and the waiting are not the source's to decide.
    RETRY = "after an error of the client nothing more is asked"
    # ------------------------------------------------------------ what it may be able to do
    QUIET = "a probe of what has not changed finds nothing to read"
    NOTICED = "a probe finds that there is more than was known"
    RESOURCES = "what a probe found changed is read in full, and nothing beside it"
    REREAD = "records that are read again by id are told as in a reading, understood or not"
    COUNT = "the count is a whole number, or None where Wix does not tell"


class LawBroken(AssertionError):
    """A source breaks a law; the text says which, what was seen, and what to do."""

    def __init__(self, law: Law, seen: str, cure: str) -> None:
        super().__init__(f"{law.name}: {law}. Seen: {seen}. Cure: {cure}.")
        self.law = law


def broken(law: Law, *, seen: str, cure: str) -> NoReturn:
    """Say that a law is broken."""
    raise LawBroken(law, seen, cure)
