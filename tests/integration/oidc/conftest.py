"""The application as the container wires it, over Postgres, beside a provider in a process of its own."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from quart import Quart

from adapters.postgres.provision import Logins
from adapters.security.sealing import new_key
from entrypoints.container import Container
from entrypoints.http import account, admin_users, auth, oidc
from entrypoints.http.app import create_app
from entrypoints.http.dispatch import Dispatcher
from entrypoints.serve import open_container
from entrypoints.settings import Settings
from tests.integration.oidc.browser import HERE, Browser
from tests.servers.oidc_provider import OidcTestProvider, private_oidc_provider

SECRET = "the-secret-of-a-client"


@pytest.fixture(scope="session")
def provider() -> Iterator[OidcTestProvider]:
    with private_oidc_provider() as provider:
        yield provider


@pytest.fixture
async def container(migrated_database: Logins, provider: OidcTestProvider) -> AsyncIterator[Container]:
    configured = {
        "test": {"issuer": provider.issuer, "client_id": "kgl", "client_secret": SECRET},
        "down": {"issuer": "http://127.0.0.1:1", "client_id": "kgl"},
        "alias": {"issuer": f"http://localhost:{provider.port}/", "client_id": "kgl"},
    }
    settings = Settings(
        database_url=migrated_database.runtime_url,
        jwt_secret="s" * 32,
        credentials_key=new_key(),
        bcrypt_cost=4,
        public_url=HERE,
        oidc_providers=json.dumps(configured),
    )
    async with open_container(settings) as container:
        yield container


@pytest.fixture
def app(container: Container) -> Quart:
    operations = [
        *auth.operations(container.auth_over_http()),
        *account.operations(container.account_over_http()),
        *admin_users.operations(container.admin_users_over_http()),
        *oidc.operations(container.oidc_over_http()),
    ]
    dispatcher = Dispatcher(
        authenticate=container.authentication().request,
        cursors=container.cursors(),
        clock=container.clock(),
    )
    return create_app(dispatcher, operations, version="0", max_body=100_000)


@pytest.fixture
async def browser(app: Quart, provider: OidcTestProvider) -> AsyncIterator[Browser]:
    browser = Browser(app, provider)
    async with browser.http:
        yield browser


@pytest.fixture
async def other_browser(app: Quart, provider: OidcTestProvider) -> AsyncIterator[Browser]:
    browser = Browser(app, provider)
    async with browser.http:
        yield browser
