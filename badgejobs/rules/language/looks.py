"""How a badge looks: a badge of ours, or the title of one that exists."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from badgejobs.rules.language.scalars import Maybe, Truth, refusal, schema, text_of
from badgejobs.rules.language.strict import TAG, Strict
from badgejobs.rules.yaml_tree import shortened

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_ICON = re.compile(r"https://[^\s/]+/\S*")
_MOST_TITLE, _MOST_DESCRIPTION, _MOST_ICON = 50, 1500, 1000


def _colour(value: object) -> str:
    if value is None:
        raise refusal("is empty; put the colour in quotes, such as '#1B4D3E': # begins a comment")
    text = text_of(value)
    if not _COLOUR.fullmatch(text):
        cure = "such as '#1B4D3E'"
        if re.fullmatch(r"[0-9A-Fa-f]{6}", text):
            cure = f"did you mean '#{text}'?"
        raise refusal(f"'{shortened(text)}' is not a colour of the form '#RRGGBB'; {cure}")
    return text.upper()


def _title(value: object) -> str:
    text = text_of(value).strip()
    if not text or len(text) > _MOST_TITLE or "\n" in text or "\t" in text:
        raise refusal(
            f"'{shortened(text)}' has {len(text)} characters; "
            f"a title is one line of 1 to {_MOST_TITLE}"
        )
    return text


def _description(value: object) -> str:
    text = text_of(value).strip()
    if len(text) > _MOST_DESCRIPTION:
        raise refusal(f"has {len(text)} characters; at most {_MOST_DESCRIPTION} are allowed")
    return text


def _icon(value: object) -> str:
    text = text_of(value)
    if len(text) > _MOST_ICON or not _ICON.fullmatch(text):
        raise refusal(
            f"'{shortened(text)}' is not the address of a picture; "
            "write it in full, such as 'https://static.wixstatic.com/media/star.png'"
        )
    return text


Colour = Annotated[
    str, BeforeValidator(_colour), schema(type="string", pattern=f"^{_COLOUR.pattern}$")
]
Title = Annotated[
    str, BeforeValidator(_title), schema(type="string", minLength=1, maxLength=_MOST_TITLE)
]
Description = Annotated[
    str, BeforeValidator(_description), schema(type="string", maxLength=_MOST_DESCRIPTION)
]
Icon = Annotated[
    str,
    BeforeValidator(_icon),
    schema(type="string", pattern=f"^{_ICON.pattern}$", maxLength=_MOST_ICON),
]


class LookRule(Strict):
    """How the badge looks; it is created at Wix when it is missing."""

    title: Title
    description: Description = ""
    background: Colour = Field("#796EFF", description="'#RRGGBB', in quotes.")
    text: Colour = Field("#FFFFFF", description="'#RRGGBB', in quotes.")
    icon: Maybe[Icon] = Field(None, description="The https address of a picture.")
    permissions: Truth = Field(
        default=False, description="true: it opens pages to its members; 'revoke' must be written."
    )


def _is_a_badge(value: Any) -> Any:
    if value is None or isinstance(value, list):
        raise refusal("write {title: ...} for a badge of ours, or the title of one at Wix")
    return value


BadgeLook = Annotated[
    Annotated[LookRule, Tag(TAG + "look")] | Annotated[Title, Tag(TAG + "title")],
    Discriminator(lambda value: TAG + ("title" if isinstance(value, str) else "look")),
    BeforeValidator(_is_a_badge),
]


def title_of(badge: LookRule | str) -> str:
    """The title at Wix, of either form."""
    return badge if isinstance(badge, str) else badge.title
