"""The errors that Wix answers with, in the forms that its documentation gives."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class Refusal(Exception):
    """The request is answered with an error: a status and a body in Wix's form."""

    def __init__(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        super().__init__(f"{status.value} {status.phrase}")
        self.status, self.body = status, body
        #: Headers that the answer has besides those of every answer.
        self.headers: dict[str, str] = {}


def invalid(field: str, description: str, rule: str = "INVALID_ARGUMENT") -> Refusal:
    """A field of the request breaks a rule (400); ``field`` is its REST path."""
    violation = {"field": field, "description": description, "violatedRule": rule}
    return Refusal(
        HTTPStatus.BAD_REQUEST,
        {
            "message": f"{field} {description}",
            "details": {"validationError": {"fieldViolations": [violation]}},
        },
    )


def application_error(status: HTTPStatus, code: str, description: str) -> Refusal:
    """The application itself says no, with a code that callers may decide by."""
    error = {"code": code, "description": description, "data": {}}
    return Refusal(status, {"message": description, "details": {"applicationError": error}})


def not_found(code: str, thing: str) -> Refusal:
    """The named thing is unknown on this site (404)."""
    return application_error(HTTPStatus.NOT_FOUND, code, f"{thing} was not found")


def wordless(status: HTTPStatus) -> Refusal:
    """The empty envelope that stands in answers 429 and 5xx."""
    return Refusal(status, {"message": "", "details": {}})


def sentence(refusal: Refusal) -> str:
    """What a refusal says, for people."""
    return str(refusal.body["message"])
