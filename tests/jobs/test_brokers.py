"""What Celery is told of each kind of broker."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from jobs_stage import Configure, MakeSettings

from badgejobs.jobs import brokers

pytest_plugins = ["jobs_fixtures"]

REDIS = "redis://h/0"


def told(url: str, *, quorum: bool = False) -> dict[str, Any]:
    return brokers.settings_for(url, results_url=REDIS, queue_prefix="p:", quorum=quorum)


def test_rabbitmq_confirms_what_it_takes_and_knows_nothing_of_redis() -> None:
    found = told("amqp://u:p@h//")
    assert found["broker_transport_options"] == {
        "confirm_publish": True, "read_timeout": 30, "write_timeout": 30,
    }  # fmt: skip
    assert found["result_backend"] == REDIS, "results stay where anybody can read them"
    assert found["result_backend_transport_options"]["global_keyprefix"] == "p:"
    assert found["broker_use_ssl"] is False


def test_certificate_and_name_are_checked_where_the_line_is_closed() -> None:
    assert told("amqps://h//")["broker_use_ssl"] == {
        "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None,
    }  # fmt: skip


@pytest.mark.parametrize("quorum", [False, True])
def test_one_set_of_settings_replaces_another(quorum: bool) -> None:
    redis, rabbitmq = told(REDIS, quorum=quorum), told("amqp://h//", quorum=quorum)
    assert set(redis) == set(rabbitmq)
    assert redis["task_default_queue_type"] == "classic"
    assert rabbitmq["task_default_queue_type"] == ("quorum" if quorum else "classic")
    assert redis["broker_transport_options"]["visibility_timeout"] == 300


def test_the_order_of_times_holds_without_a_visibility_timeout(
    celery_app: Configure, shop_settings: MakeSettings
) -> None:
    app = celery_app(shop_settings(), "amqp://u:canary@h//", REDIS)
    assert "visibility_timeout" not in app.conf.broker_transport_options
