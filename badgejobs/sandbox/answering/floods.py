"""Bodies far too large, made piece by piece: JSON that is one object full of blanks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: What a flood holds, in bytes, where its fault does not say.
HUGE: Final = 64 * 1024**2
BOMB: Final = 256 * 1024**2

_PIECE: Final = 64 * 1024
_BLOCK: Final = b" " * 1024**2
#: A gzip member without a name or a time.
_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True, slots=True)
class Flood:
    """A body: how many bytes it has on the wire, and those bytes in pieces."""

    length: int
    pieces: Iterator[bytes]


def plain(size: int) -> Flood:
    """An object of ``size`` bytes."""
    return Flood(size, _plain(size))


def _plain(size: int) -> Iterator[bytes]:
    yield b"{"
    blanks = b" " * _PIECE
    whole, rest = divmod(size - 2, _PIECE)
    for _ in range(whole):
        yield blanks
    yield blanks[:rest] + b"}"


def bomb(size: int) -> Flood:
    """An object of ``size`` bytes in gzip form.

    A block of blanks is packed once and sent as often as it takes: deflate lets parts that were
    flushed in full stand one after another.
    """
    whole, rest = divmod(size - 2, len(_BLOCK))
    last = _BLOCK[:rest] + b"}"
    head, block, tail = (
        _packed(b"{", zlib.Z_FULL_FLUSH),
        _packed(_BLOCK, zlib.Z_FULL_FLUSH),
        _packed(last, zlib.Z_FINISH),
    )

    def pieces() -> Iterator[bytes]:
        yield _GZIP_HEAD + head
        checksum = zlib.crc32(b"{")
        for _ in range(whole):
            checksum = zlib.crc32(_BLOCK, checksum)
            yield block
        yield tail + struct.pack("<II", zlib.crc32(last, checksum), size % 2**32)

    length = len(_GZIP_HEAD) + len(head) + whole * len(block) + len(tail) + 8
    return Flood(length, pieces())


def _packed(part: bytes, flush: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(part) + packer.flush(flush)
