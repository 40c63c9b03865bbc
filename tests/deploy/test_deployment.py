"""What docker-compose.yml, the Dockerfile and the Procfile promise."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from typer.main import get_command

from badgejobs.cli import application
from badgejobs.config import HeartbeatFile
from badgejobs.jobs.queues import LANES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "worker", "walker", "beat", "web", "console", "flower")
THEIRS = ("redis", "postgres", "rabbitmq", "prometheus", "grafana")
MONITORING = ("flower", "prometheus", "grafana")
PROFILES = {name: ["monitoring"] for name in MONITORING} | {
    name: [name] for name in ("rabbitmq", "console")
}
DEPLOY = ROOT / "badgejobs" / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
MANIFEST_FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
MANIFESTS: list[dict[str, Any]] = [
    one for file in MANIFEST_FILES for one in yaml.safe_load_all(file.read_text())
]
PROCFILE = dict(
    line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line.strip()
)

HARDENED = {
    "type": "object",
    "required": [
        "image", "user", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "mem_limit",
        "pids_limit", "cpus", "stop_grace_period", "networks", "restart",
    ],
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)?$"},
        "user": {"type": "string", "pattern": "^[1-9][0-9]*:[1-9][0-9]*$"},
        "init": {"const": True},
        "read_only": {"const": True},
        "tmpfs": {"type": "array", "minItems": 1},
        "cap_drop": {"const": ["ALL"]},
        "security_opt": {"const": ["no-new-privileges:true"]},
        "mem_limit": {"type": "string", "pattern": "^[0-9]+[mg]$"},
        "pids_limit": {"type": "integer", "maximum": 512},
        "cpus": {"type": "number", "maximum": 4},
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
    assert set(SERVICES) == {*THEIRS, *OURS}


@pytest.mark.parametrize("name", SERVICES)
def test_only_what_is_extra_waits_for_its_profile(name: str) -> None:
    assert SERVICES[name].get("profiles") == PROFILES.get(name)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str) -> None:
    jsonschema.validate(SERVICES[name], HARDENED)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_says_whether_it_is_healthy(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_ports_are_published_on_loopback_only() -> None:
    published = [one for service in SERVICES.values() for one in service.get("ports", [])]
    assert published == [f"127.0.0.1:{port}:{port}" for port in (8091, 8092, 5555, 9090, 3000)]
    assert all(ip_address(one.split(":")[0]).is_loopback for one in published)


def test_database_and_broker_reach_and_are_reached_from_inside_only() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("redis", "postgres", "rabbitmq"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_secrets_come_by_files_and_stand_nowhere() -> None:
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|AUTH|_URL", variable):
                assert variable.endswith("_FILE")
                if value == "${BROKER_URL_FILE:-}":  # RabbitMQ is switched on by .env
                    value = "/run/secrets/broker_url"  # noqa: PLW2901 - as it is set there
                assert value.startswith("/run/secrets/")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert all(one["file"].startswith("./secrets/") for one in COMPOSE["secrets"].values())


def test_the_broker_keeps_what_is_queued() -> None:
    words = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words


def test_nothing_starts_before_the_tables_are_there() -> None:
    for name in set(OURS) - {"migrate"}:
        needs = SERVICES[name]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_each_service_is_one_of_ours(name: str) -> None:
    command = SERVICES[name]["command"]
    assert command[0] == {"walker": "worker"}.get(name, name)
    assert understood(command)


@pytest.mark.parametrize(
    ("name", "kind"), [("worker", "worker"), ("walker", "worker"), ("beat", "beat")]
)
def test_the_health_check_of_a_process_looks_at_its_heartbeat_file(
    name: str, kind: str, tmp_path: Path
) -> None:
    check, command = SERVICES[name]["healthcheck"]["test"]
    here = command.replace("/var/lib/badgejobs", str(tmp_path))
    assert (check, here) != ("CMD", command)

    def is_healthy() -> bool:
        return (
            subprocess.run(["/bin/sh", "-c", here], check=False, capture_output=True).returncode
            == 0
        )

    assert not is_healthy()
    heartbeat = HeartbeatFile.of_this_process(tmp_path, kind)
    heartbeat.touch()
    assert is_healthy()
    long_ago = time.time() - 180
    os.utime(heartbeat.path, (long_ago, long_ago))
    assert not is_healthy()


@pytest.mark.parametrize("name", [*OURS])
def test_the_procfile_starts_the_same_programs(name: str) -> None:
    program, *arguments = shlex.split(PROCFILE["release" if name == "migrate" else name])
    assert program == "badgejobs"
    assert arguments[0] == SERVICES[name]["command"][0]
    assert understood(arguments)
    assert len(PROCFILE) == len(OURS)


def test_every_lane_has_a_worker_wherever_it_is_deployed() -> None:
    units = [one.read_text() for one in UNITS]
    pods = [
        " ".join(one["spec"]["template"]["spec"]["containers"][0]["args"])
        for one in MANIFESTS
        if one["kind"] == "Deployment"
    ]
    services = [" ".join(SERVICES[name]["command"]) for name in OURS]
    for lines in (PROCFILE.values(), services, pods, units):
        lanes = re.findall(r"worker --lanes ([a-z,]+)", "\n".join(lines))
        assert sorted(",".join(lanes).split(",")) == sorted(LANES)


@pytest.mark.parametrize("key", ["identity_key", "secrets_key"])
def test_every_process_has_the_same_keys_wherever_it_is_deployed(key: str) -> None:
    variable = f"BADGEJOBS_{key.upper()}_FILE"
    for name in OURS:
        assert SERVICES[name]["environment"][variable] == f"/run/secrets/{key}"
        assert key in SERVICES[name]["secrets"]
    for pod in (one["spec"]["template"]["spec"] for one in MANIFESTS if "template" in one["spec"]):
        told = {one["name"]: one["value"] for one in pod["containers"][0]["env"]}
        assert told[variable] == f"/run/secrets/badgejobs/{key}"
    for unit in (one.read_text() for one in UNITS if one.suffix == ".service"):
        assert f"LoadCredential={key}:/etc/badgejobs/secrets/{key}\n" in unit
        assert f"Environment={variable}=%d/{key}\n" in unit


def test_a_migration_that_is_repeated_stops_no_unit() -> None:
    for unit in UNITS:
        assert not re.search("^(Requires|BindsTo|PartOf)=.*migrate", unit.read_text(), re.MULTILINE)


def test_a_stop_waits_longer_than_a_worker_may_take() -> None:
    from badgejobs.jobs.app import SOFT_SHUTDOWN  # noqa: PLC0415 - Celery takes a second

    for unit in UNITS:
        if found := re.search(r"TimeoutStopSec=(\d+)", unit.read_text()):
            assert int(found[1]) > SOFT_SHUTDOWN + 10
    for one in MANIFESTS:
        if one["kind"] == "Deployment":
            grace = one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
            assert grace > SOFT_SHUTDOWN + 10


@pytest.mark.parametrize("file", MANIFEST_FILES, ids=lambda file: file.name)
def test_the_manifests_are_what_kubernetes_takes(file: Path) -> None:
    for one in yaml.safe_load_all(file.read_text()):
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


def test_no_pod_may_be_root_or_write_where_it_should_not() -> None:
    pods = [one["spec"]["template"]["spec"] for one in MANIFESTS if "template" in one["spec"]]
    assert len(pods) == len(OURS) - 2  # Flower and the console have no place there
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert understood(container["args"])
        assert "memory" in container["resources"]["limits"]


def test_the_compose_file_is_what_the_specification_says() -> None:
    schema = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd is at hand")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    ours = str(Path(sys.executable).with_name("badgejobs"))
    for unit in UNITS:
        text = unit.read_text().replace("/opt/badgejobs/.venv/bin/badgejobs", ours)
        (tmp_path / unit.name).write_text(text)
    judged = subprocess.run(
        [shutil.which("systemd-analyze") or "", "verify", *map(str, sorted(tmp_path.iterdir()))],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    ours_alone = [one for one in judged.stderr.splitlines() if "badgejobs" in one]
    assert (judged.returncode, ours_alone) == (0, [])


@pytest.mark.parametrize("unit", [one for one in UNITS if one.suffix == ".service"])
def test_each_unit_starts_a_command_of_ours(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=\S+/badgejobs (.*)$", unit.read_text(), re.MULTILINE)
    assert understood(shlex.split(line))


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
