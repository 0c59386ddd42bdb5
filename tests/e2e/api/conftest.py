"""One API process and one consumer for all tests that break nothing, and accounts that have everything."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from adapters.security.sealing import new_key
from tests.e2e.api.analytics import compute_all
from tests.e2e.api.client import Client, Contract
from tests.e2e.api.processes import Deployment, Process, deployment
from tests.e2e.api.rows import rows_of
from tests.e2e.api.things import fresh_credential
from tests.e2e.api.world import Account, new_account, populate
from tests.servers.database import MigratedServer
from tests.servers.oidc_provider import OidcTestProvider, private_oidc_provider
from tests.servers.postgres import PostgresTestServer
from tests.servers.providers import ProviderServer, provider_server

OIDC_SECRET = "a-client-secret-of-the-tests-that-must-never-be-logged"


@pytest.fixture(scope="session")
def providers() -> Iterator[ProviderServer]:
    """Where credentials are checked."""
    with provider_server("http://elsewhere.invalid") as server:
        yield server


@pytest.fixture(scope="session")
def oidc_provider() -> Iterator[OidcTestProvider]:
    """Where one can log in."""
    with private_oidc_provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def environment(providers: ProviderServer, oidc_provider: OidcTestProvider) -> dict[str, str]:
    """What every process of a deployment must be told of these providers."""
    return {
        "ACCESS_TOKEN_LIFETIME": "14400",  # the accounts below are logged in once, for all tests
        "CREDENTIALS_KEY": new_key(),
        "OPENAI_BASE_URL": providers.openai,
        "HUGGING_FACE_BASE_URL": providers.url,
        "PROVIDER_CHECK_TIMEOUT": "10",  # the first check of a process loads its client as well
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "OIDC_PROVIDERS": json.dumps(
            {"test": {"issuer": oidc_provider.issuer, "client_id": "kgl", "client_secret": OIDC_SECRET}}
        ),
        "NO_PROXY": "*",
    }


@pytest.fixture(scope="session")
def deployed(migrated_server: MigratedServer, environment: dict[str, str]) -> Iterator[Deployment]:
    """A deployment with a consumer; API processes are the fixtures' and tests' to start."""
    logins = migrated_server.create_database()
    with deployment(logins, **environment) as made:
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
    fresh_credential(account)
    compute_all(account)
    return account


@pytest.fixture(scope="session")
def stranger(nobody: Client) -> Account:
    """Another account with something of everything."""
    account = new_account(nobody)
    populate(account)
    fresh_credential(account)
    compute_all(account)
    return account


@pytest.fixture(scope="session")
def victim(nobody: Client) -> Account:
    """An account with something of everything, at which nothing that is wrong may change a thing."""
    account = new_account(nobody)
    populate(account)
    fresh_credential(account)
    compute_all(account)
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


@pytest.fixture(scope="module")
def second(deployed: Deployment) -> Iterator[Process]:
    """Another API process."""
    process = deployed.serve()
    yield process
    assert process.stop() == 0


@pytest.fixture
def there(second: Process, contract: Contract) -> Iterator[Client]:
    """A client of the other process."""
    client = Client(second.url, contract)
    yield client
    client.close()
