"""One API process and one consumer for all tests that break nothing, and accounts that have everything."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.e2e.api.client import Client, Contract
from tests.e2e.api.processes import Deployment, Process, deployment
from tests.e2e.api.rows import rows_of
from tests.e2e.api.world import Account, new_account, populate
from tests.servers.database import MigratedServer
from tests.servers.postgres import PostgresTestServer


@pytest.fixture(scope="session")
def deployed(migrated_server: MigratedServer) -> Iterator[Deployment]:
    """A deployment with a consumer; API processes are the fixtures' and tests' to start."""
    logins = migrated_server.create_database()
    with deployment(logins) as made:
        made.consume()
        yield made
    migrated_server.drop_database(logins)


@pytest.fixture(scope="session")
def api(deployed: Deployment) -> Process:
    """The shared API process."""
    return deployed.serve()


@pytest.fixture(scope="session")
def contract(api: Process) -> Contract:
    """The document it publishes."""
    return Contract(httpx.get(f"{api.url}/api/v1/openapi.json", timeout=20, trust_env=False).json())


@pytest.fixture(scope="session")
def nobody(api: Process, contract: Contract) -> Iterator[Client]:
    """A client without a token."""
    client = Client(api.url, contract)
    yield client
    client.close()


@pytest.fixture(scope="session")
def owner(nobody: Client) -> Account:
    """An account with something of everything."""
    account = new_account(nobody)
    populate(account)
    return account


@pytest.fixture(scope="session")
def stranger(nobody: Client) -> Account:
    """Another account with something of everything."""
    account = new_account(nobody)
    populate(account)
    return account


@pytest.fixture(scope="session")
def victim(nobody: Client) -> Account:
    """An account with something of everything, at which nothing that is wrong may change a thing."""
    account = new_account(nobody)
    populate(account)
    return account


@pytest.fixture
def account(nobody: Client) -> Account:
    """An account of the test's own, with nothing in it."""
    return new_account(nobody)


@pytest.fixture(scope="session")
def footprint(
    deployed: Deployment, postgres_server: PostgresTestServer
) -> Callable[[Account], dict[str, int]]:
    """Counts an account's rows in every table there is, and all accounts."""
    dsn = postgres_server.database_dsn(deployed.logins.runtime_url.rpartition("/")[2])
    return lambda account: rows_of(dsn, account)
