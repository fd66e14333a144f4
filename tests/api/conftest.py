"""A server on a ledger of its own, and accounts that no other test knows."""

import pytest

from server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def clinic(server):
    """An account with two licences."""
    return server.open_account(licences=2)
