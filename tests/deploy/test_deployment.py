"""What docker-compose.yml, the Dockerfile and the Procfile promise."""

from __future__ import annotations

import re
import shlex
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from badgejobs.cli import application

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "worker", "beat", "flower")
PROCFILE = dict(
    line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line.strip()
)

HARDENED = {
    "type": "object",
    "required": [
        "image", "user", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "mem_limit",
        "pids_limit", "stop_grace_period", "networks", "restart",
    ],
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z/]+:[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z0-9]+)?$"},
        "user": {"type": "string", "pattern": "^[1-9][0-9]*:[1-9][0-9]*$"},
        "init": {"const": True},
        "read_only": {"const": True},
        "tmpfs": {"type": "array", "minItems": 1},
        "cap_drop": {"const": ["ALL"]},
        "security_opt": {"const": ["no-new-privileges:true"]},
        "mem_limit": {"type": "string", "pattern": "^[0-9]+[mg]$"},
        "pids_limit": {"type": "integer", "maximum": 512},
        "stop_grace_period": {"const": "45s"},
        "healthcheck": {"type": "object", "required": ["test", "interval", "timeout", "retries"]},
    },
    "not": {"anyOf": [{"required": [word]} for word in ("privileged", "cap_add", "network_mode")]},
}  # fmt: skip


def understood(arguments: list[str]) -> bool:
    """Whether the command line takes these arguments; nothing is run."""
    command: Any = get_command(application())
    while hasattr(command, "commands"):
        name, *arguments = arguments
        command = command.commands[name]
    command.make_context(command.name, list(arguments))
    return True


def test_every_part_is_a_service() -> None:
    assert set(SERVICES) == {"redis", "postgres", *OURS}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str) -> None:
    jsonschema.validate(SERVICES[name], HARDENED)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_says_whether_it_is_healthy(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_ports_are_published_on_loopback_only() -> None:
    published = [one for service in SERVICES.values() for one in service.get("ports", [])]
    assert published == ["127.0.0.1:5555:5555"]
    assert all(ip_address(one.split(":")[0]).is_loopback for one in published)


def test_database_and_broker_reach_and_are_reached_from_inside_only() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("redis", "postgres"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_secrets_come_by_files_and_stand_nowhere() -> None:
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|AUTH|_URL", variable):
                assert variable.endswith("_FILE")
                assert value.startswith("/run/secrets/")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert all(one["file"].startswith("./secrets/") for one in COMPOSE["secrets"].values())


def test_the_broker_keeps_what_is_queued() -> None:
    words = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words


def test_nothing_starts_before_the_tables_are_there() -> None:
    for name in ("worker", "beat", "flower"):
        needs = SERVICES[name]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_each_service_is_one_of_ours(name: str) -> None:
    command = SERVICES[name]["command"]
    assert command[0] == name
    assert understood(command)


def test_the_health_check_of_the_worker_is_a_command_of_ours() -> None:
    kind, program, *arguments = SERVICES["worker"]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "badgejobs")
    assert understood(arguments)


@pytest.mark.parametrize("name", ["worker", "beat", "flower"])
def test_the_procfile_starts_the_same_programs(name: str) -> None:
    program, *arguments = shlex.split(PROCFILE[name])
    assert program == "badgejobs"
    assert arguments[0] == SERVICES[name]["command"][0]
    assert understood(arguments)
    assert set(PROCFILE) == {"worker", "beat", "flower"}


def test_the_image_is_pinned_hashed_and_not_root() -> None:
    lines = (ROOT / SERVICES["worker"]["build"]["dockerfile"]).read_text().splitlines()
    assert re.match(r"FROM python:3\.13\.\d+-slim", next(one for one in lines if "FROM" in one))
    assert any("--require-hashes -r requirements.txt" in one for one in lines)
    users = [one for one in lines if one.startswith("USER ")]
    assert users == [f"USER {SERVICES['worker']['user']}"]


def test_the_image_has_the_driver_of_its_database_and_one_pin_for_each_package() -> None:
    pins = dict[str, str]()
    for file in (ROOT / "requirements.txt", ROOT / "requirements-dev.txt"):
        for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;]+)", file.read_text(), re.MULTILINE):
            assert pins.setdefault(name, version) == version
    assert {"psycopg", "psycopg-binary", "psycopg-pool"} <= set(pins)
