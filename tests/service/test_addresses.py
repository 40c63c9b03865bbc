from __future__ import annotations

import socket

import pytest

from badgejobs.errors import StateError
from badgejobs.service.addresses import LOOPBACK, require_free


def test_a_taken_port_is_named_with_the_setting_that_moves_it() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StateError, match=rf"Flower .* port {port} .* BADGEJOBS_FLOWER_PORT"):
            require_free(port, purpose="Flower", setting="BADGEJOBS_FLOWER_PORT")
    require_free(port, purpose="Flower", setting="BADGEJOBS_FLOWER_PORT")


def test_a_port_out_of_range_is_refused_alike() -> None:
    with pytest.raises(StateError, match="port 70000"):
        require_free(70000, purpose="Flower", setting="BADGEJOBS_FLOWER_PORT")
