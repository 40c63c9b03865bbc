"""The body of an answer, unpacked piece by piece, so that a bomb is met by the cap."""

from __future__ import annotations

import zlib
from typing import Final

import httpx

from badgejobs.errors import Ambiguous
from badgejobs.wix.deadline import left

#: The largest body that is taken, compressed or not; a page of 100 orders has about 1 MiB.
LARGEST_BODY: Final = 8 * 1024 * 1024

#: zlib's word for a gzip header and trailer.
_GZIP: Final = 31


def body_of(response: httpx.Response, *, what: str) -> bytes:
    """The decoded body; raises :class:`Ambiguous` where it is too large, late, cut or unknown.

    Only gzip was asked for, so nothing else is unpacked.
    """
    if response.is_stream_consumed:  # by a borrowed transport
        return response.content
    packed = _is_gzip(response, what)
    pieces, raw_size, size = list[bytes](), 0, 0
    unpack = zlib.decompressobj(wbits=_GZIP) if packed else None
    for raw in response.iter_raw():
        raw_size += len(raw)
        try:
            piece = unpack.decompress(raw, LARGEST_BODY + 1 - size) if unpack else raw
        except zlib.error as error:
            raise Ambiguous(f"{what}: the answer cannot be unpacked") from error
        size += len(piece)
        if max(size, raw_size) > LARGEST_BODY:
            raise Ambiguous(f"{what}: the answer is larger than {LARGEST_BODY} bytes")
        if not left():
            raise Ambiguous(f"{what}: the answer did not end within the deadline")
        pieces.append(piece)
    if unpack is not None and raw_size and (not unpack.eof or unpack.unused_data):
        raise Ambiguous(f"{what}: the packed answer is cut off, or more follows it")
    return b"".join(pieces)


def _is_gzip(response: httpx.Response, what: str) -> bool:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise Ambiguous(f"{what}: the answer is packed in a way that was not asked for")
    return "gzip" in encoding
