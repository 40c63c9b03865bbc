"""The examples that are shipped."""

from pathlib import Path

import pytest

from badgejobs import rules
from badgejobs.core.milestone import Look
from badgejobs.rules import SiteDefaults, in_words, load_rules, parse_rules

ROOM = Path(rules.__file__).parent
EXAMPLES = sorted(
    path for path in (ROOM / "examples").glob("*.yaml") if not path.match("*.cases.yaml")
)
SITE = SiteDefaults(timezone="Europe/London", currency="GBP")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(c * weight for c, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(look: Look) -> float:
    light, dark = sorted((luminance(look.background), luminance(look.text)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_holds(path: Path) -> None:
    assert load_rules(path, site=SITE).milestones


@pytest.mark.parametrize("name", ["demo", "starter"])
def test_the_text_of_every_shipped_badge_can_be_read_on_its_background(name: str) -> None:
    path = ROOM / "examples" / f"{name}.yaml"
    looks = [milestone.look for milestone in load_rules(path).milestones if milestone.look]
    assert looks
    for look in looks:
        assert contrast(look) >= 4.5, look.title


def test_the_demo_is_the_five_badges_that_its_records_were_reckoned_for() -> None:
    told = {
        (one.badge, one.title, in_words(one.condition))
        for one in load_rules(ROOM / "examples" / "demo.yaml").milestones
    }
    each = " (each of 0.01 GBP or more)"
    assert told == {
        ("first-purchase", "First Purchase", "1 or more paid orders" + each),
        ("loyal-customer", "Loyal Customer", "10 or more paid orders" + each),
        (
            "big-spender",
            "Big Spender",
            "paid orders worth 1000.00 GBP or more in total" + each,
        ),
        ("commentator", "Commentator", "10 or more comments"),
        ("community-helper", "Community Helper", "25 or more comments"),
    }


def test_the_starter_holds_with_its_commented_parts_switched_on() -> None:
    text = (ROOM / "examples" / "starter.yaml").read_text(encoding="utf-8")
    site = "# site:\n#   currency: USD"
    assert site in text
    text = text.replace(site, "site:\n  currency: USD").replace("# min_amount", "min_amount")
    lines = [
        line.replace("  # ", "  ", 1) if line[:4] == "  # " else line for line in text.split("\n")
    ]
    ruleset = parse_rules("\n".join(lines), file="starter.yaml")
    assert [one.badge for one in ruleset.milestones][-2:] == ["all-rounder", "gold"]


def test_the_example_of_the_readme_holds() -> None:
    text = (ROOM / "README.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    told = [in_words(one.condition) for one in parse_rules(example, file="README.md").milestones]
    each = " (each of 5.00 GBP or more)"
    assert told[1] == (
        f"5 or more comments (only replies) and (3 or more paid orders in the last 365 days{each} "
        f"or paid orders worth 250.00 GBP or more in total{each})"
    )
