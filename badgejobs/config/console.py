"""Where the operator's web pages are, and what opens them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from badgejobs.config import checks


class Console(BaseModel):
    """The console: ``badgejobs console``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    #: An address of this machine. Beyond loopback a password must be given, and TLS stand before.
    host: Annotated[str, AfterValidator(checks.listening_address)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8092
    #: Who has it may look. ``None``: made once, and kept in the state folder.
    password: Annotated[SecretStr, AfterValidator(checks.long_enough)] | None = None
    password_file: Path | None = None
    #: Who has it may also act. ``None``: nobody may, the console only shows.
    operator_token: Annotated[SecretStr, AfterValidator(checks.long_enough)] | None = None
    operator_token_file: Path | None = None
    #: Names under which browsers reach it, beside those of this machine for itself.
    hosts: Annotated[tuple[str, ...], BeforeValidator(checks.words_of)] = ()
    #: Whether browsers reach it over TLS, which something before it speaks.
    https: bool = False
