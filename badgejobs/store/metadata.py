"""The kinds of columns, and what collects the tables."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Text

from badgejobs.store.columns import AwareTime

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    }
)


def key(name: str) -> Column[str]:
    """A part of the primary key."""
    return Column(name, Text, primary_key=True)


def text(name: str) -> Column[str]:
    """A text."""
    return Column(name, Text, nullable=False)


def text_or_none(name: str) -> Column[str]:
    """A text that may be missing."""
    return Column(name, Text)


def number(name: str) -> Column[int]:
    """A whole number."""
    return Column(name, Integer, nullable=False)


def time(name: str) -> Column[object]:
    """A moment."""
    return Column(name, AwareTime, nullable=False)


def time_or_none(name: str) -> Column[object]:
    """A moment that may be missing."""
    return Column(name, AwareTime)
