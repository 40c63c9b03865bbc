from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

from sandbox_process import answering

from badgejobs.service.addresses import free_port

README = Path(__file__).parents[2] / "README.md"


def block(section: str, language: str) -> str:
    """The first fenced block of a language in a section of the README."""
    text = README.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, (section, language)
    return found[1]


def test_the_readme_tests_rules_without_wix_as_it_says(tmp_path: Path) -> None:
    section = "Test your rules in CI without Wix"
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "activity.json").write_text(block(section, "json"))
    (tmp_path / "my-shop.yaml").write_text(
        "version: 1\nsite: {currency: EUR}\nbadges:\n  - id: first-purchase\n"
        "    badge: {title: First Purchase}\n    when: {sum: orders.amount, gte: '120'}\n"
    )
    port = str(free_port())
    serve, *rest = block(section, "sh").replace("8099", port).splitlines()
    python = f"{sys.executable} -m badgejobs"
    served = serve.removesuffix(" &").replace("badgejobs", python).split()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
    lines = [f'badgejobs() {{ {python} "$@"; }}', *rest]
    lines[-1] = lines[-1].replace("state --json", f"state --url http://127.0.0.1:{port} --json")
    with answering([*served, "--port", port], port, folder=tmp_path):
        ended = subprocess.run(
            [which("bash") or "bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=tmp_path,
            env=environment | {"NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    shown = ended.stdout[ended.stdout.rindex("\n{") :]
    assert json.loads(shown) == {"First Purchase": ["00000000-0000-4000-8000-0000000000aa"]}
