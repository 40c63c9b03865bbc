"""Texts from outside made fit for a log and for eyes."""

from __future__ import annotations

import re
from typing import Final

_CUT: Final = 160

_MASKED: Final = (
    # Wix's access tokens and API keys begin so.
    (re.compile(r"\b(?:OauthNG|IST)\.[\w.~+/=-]*"), "<token>"),
    (re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "<id>"),
    (re.compile(r"[^\s<>\"',;]+@[^\s<>\"',;]+"), "<address>"),
)


def tame(text: object) -> str:
    r"""A text from outside, fit for a log: one short line, without ids, addresses and tokens.

    >>> tame("no member c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201,\n ana@example.com")
    'no member <id>, <address>'
    >>> tame(" " * 630 + "ana.smith@example.com")
    ''
    >>> tame("bad token OauthNG.JWS.eyJraWQ_x-y.z")
    'bad token <token>'
    """
    if not isinstance(text, str):
        return ""
    head = re.sub(r"[^\x20-\x7e]", " ", text[: 4 * _CUT])
    if len(text) > len(head):  # what is cut in the middle is not known for what it is
        head = head.rpartition(" ")[0]
    line = " ".join(head.split())
    for what, name in _MASKED:
        line = what.sub(name, line)
    return line[:_CUT]
