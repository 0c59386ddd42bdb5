"""A deployment to ask, with its published document and somebody who asks."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.e2e.api.client import Client, Contract
from tests.e2e.api.processes import deployment
from tests.fuzz.people import Person
from tests.servers.database import MigratedServer


@contextmanager
def fuzzed(prepared: MigratedServer, role: str) -> Iterator[tuple[str, Contract, Person]]:
    """A server over a database of its own; at the end both are gone."""
    logins = prepared.create_database()
    try:
        with deployment(logins) as made:
            made.consume()
            url = made.serve().url
            document = httpx.get(f"{url}/api/v1/openapi.json", timeout=60, trust_env=False).json()
            contract = Contract(document)
            nobody = Client(url, contract)
            try:
                yield url, contract, Person(made, prepared.server, nobody, role)
            finally:
                nobody.close()
    finally:
        prepared.drop_database(logins)
