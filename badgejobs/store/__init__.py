"""The record: tables, transactions, and what each stage reads and writes in them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from badgejobs.store.acting import acting

if TYPE_CHECKING:
    from badgejobs.store.sql import SqlStore, SqlTransaction, open_store

__all__ = ["SqlStore", "SqlTransaction", "acting", "open_store"]


def __getattr__(name: str) -> object:
    """What stands on the libraries of the store, which ``glance`` does without: when asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("badgejobs.store.sql"), name)
