from __future__ import annotations

import io

from rich.console import Console

from badgejobs.cli.progress import told_on


def shown(*, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120, color_system=None)
    with told_on(console) as progress:
        progress("my-shop: [orders]")
        progress("my-shop: [orders]")
        progress.counted("orders read", 1_200)
        progress.counted("awards brought to Wix", 30, of=1_231)
    return out.getvalue()


def test_a_log_gets_each_line_once_and_no_flood_of_counts() -> None:
    assert shown(terminal=False) == "my-shop: [orders]\n"


def test_a_terminal_shows_a_bar_with_the_number_and_of_how_many() -> None:
    picture = shown(terminal=True)
    assert "my-shop: [orders]" in picture
    assert "1,200" in picture
    assert "30 of 1,231" in picture
