"""The checks of single settings, for values that are told by a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic_core import PydanticCustomError

from badgejobs.errors import SettingsError

Value = TypeVar("Value")


def checked_value(check: Callable[[Value], Value], value: Value) -> Value:
    """The value as a check of :mod:`badgejobs.config.checks` leaves it.

    Raises ``SettingsError`` with what is wrong and the cure, and without the name of the field.
    """
    try:
        return check(value)
    except PydanticCustomError as error:
        raise SettingsError(error.message()) from None
