"""Migrated databases for tests: migrated once for a run, then copied, with the logins a deployment has."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from adapters.postgres.migrations import upgrade
from adapters.postgres.provision import Logins, provision
from tests.servers.postgres import PostgresTestServer, run_apart


class MigratedServer:
    """A server with an owner, a runtime login and a migrated database to copy."""

    def __init__(self, server: PostgresTestServer) -> None:
        self.server = server
        self._mark = uuid4().hex[:8]
        self._template = f"kgl_template_{self._mark}"
        run_apart(self._prepare())

    def create_database(self) -> Logins:
        """A fresh, empty, migrated database of the caller's own."""
        name = urlsplit(self.server.create_database(self._template)).path[1:]
        # A copy belongs to whoever made it, and migrations run as the owner.
        self.server.execute(f'alter database "{name}" owner to "owner_{self._mark}"')
        return self._logins(name)

    def drop_database(self, logins: Logins) -> None:
        """Removes it, ending whoever is still connected."""
        self.server.drop_database(logins.owner_url)

    def close(self) -> None:
        """Removes the template and the logins; the copies must be gone."""
        self.server.drop_database(self.server.database_dsn(self._template))
        self.server.execute(f'drop role "owner_{self._mark}"', f'drop role "runtime_{self._mark}"')

    async def _prepare(self) -> None:
        logins = self._logins(self._template)
        await provision(self.server.dsn, logins)
        await upgrade(logins)

    def _logins(self, database: str) -> Logins:
        return Logins(
            owner_url=self._url(f"owner_{self._mark}", database),
            runtime_url=self._url(f"runtime_{self._mark}", database),
        )

    def _url(self, role: str, database: str) -> str:
        parts = urlsplit(self.server.dsn)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{role}:secret@{host}", path=f"/{database}"))


@contextmanager
def migrated(server: PostgresTestServer) -> Iterator[MigratedServer]:
    """A migrated server for the time of a block."""
    prepared = MigratedServer(server)
    try:
        yield prepared
    finally:
        prepared.close()
