"""Exit codes: what a shell or cron job learns from a command that ended."""

from __future__ import annotations

from enum import IntEnum

from badgejobs.errors import (
    BadgeJobsError,
    BrokerUnavailable,
    CredentialsRefused,
    DatabaseUnavailable,
    FileError,
    PermissionMissing,
    SettingsError,
    SiteSuspended,
    SourceBroken,
)


class Code(IntEnum):
    """How a command ended."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    PARTIAL = 3
    SETTINGS = 4
    WIX_REFUSED = 5
    UNAVAILABLE = 6
    CHANGED = 7
    INTERRUPTED = 130


#: For the end of ``badgejobs --help``.
LEGEND = """\b
Exit codes:
  0    all is well
  1    failure
  2    wrong usage
  3    done in part: the rest waits for a next call
  4    settings, rules, a file that is named or a plug-in are wrong
  5    Wix refuses the credentials, or a permission is missing
  6    database or broker cannot be reached
  7    --check found that something would change
  130  interrupted (Ctrl-C)
"""


def code_of(error: BadgeJobsError) -> Code:
    """The exit code that tells of this error.

    >>> code_of(SettingsError("x")).value, code_of(BrokerUnavailable("x")).value
    (4, 6)
    """
    match error:
        case SettingsError() | FileError() | SourceBroken():
            return Code.SETTINGS
        case CredentialsRefused() | PermissionMissing() | SiteSuspended(by_wix=True):
            return Code.WIX_REFUSED
        case DatabaseUnavailable() | BrokerUnavailable():
            return Code.UNAVAILABLE
        case _:
            return Code.FAILURE
