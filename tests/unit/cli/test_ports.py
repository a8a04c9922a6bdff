"""Whether a port can be listened on is known before anything begins."""

from __future__ import annotations

import socket

import pytest

from billbridge.cli.ports import check_free
from billbridge.errors import InvalidInput


def test_a_port_on_which_a_program_listens_is_refused_by_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"Another program listens on port {port}"):
            check_free("127.0.0.1", port)


def test_a_port_is_free_again_when_its_program_has_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            other.accept()[0].close()  # this side ends first, so its end of the connection lingers
    check_free("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput, match="no address of this machine"):
        check_free(host, 8080)
