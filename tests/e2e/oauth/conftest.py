"""A deployment with keys of its own making, two API processes, and accounts for clients to log in to."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from adapters.security.sealing import new_key
from tests.e2e.api.processes import Deployment, Process, deployment
from tests.servers.database import MigratedServer


@dataclass(frozen=True, slots=True)
class Person:
    """An account."""

    email: str
    password: str = field(repr=False)


@pytest.fixture(scope="module")
def deployed(migrated_server: MigratedServer) -> Iterator[Deployment]:
    """Nothing runs yet; Ed25519 keys in the database, because nothing else is given."""
    logins = migrated_server.create_database()
    with deployment(logins, JWT_SECRET="", CREDENTIALS_KEY=new_key()) as made:
        yield made
    migrated_server.drop_database(logins)


@pytest.fixture(scope="module")
def api(deployed: Deployment) -> Process:
    return deployed.serve()


@pytest.fixture
def person(api: Process) -> Person:
    made = Person(f"{secrets.token_hex(6)}@example.org", secrets.token_urlsafe(16))
    body = {"email": made.email, "password": made.password}
    httpx.post(f"{api.url}/api/v1/auth/register", json=body, timeout=20, trust_env=False).raise_for_status()
    return made
