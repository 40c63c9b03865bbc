"""The record: tables, transactions, and what each stage reads and writes in them."""

from badgejobs.store.acting import acting
from badgejobs.store.sql import SqlStore, SqlTransaction, open_store

__all__ = ["SqlStore", "SqlTransaction", "acting", "open_store"]
