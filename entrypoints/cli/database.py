"""The database behind the commands: the one in the environment, or the embedded server of DATA_DIR."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from adapters.postgres.embedded import ADMINISTRATOR, DATABASE, EmbeddedPostgres, running_socket
from adapters.postgres.embedded import url as socket_url
from adapters.postgres.versions import head
from entrypoints.cli.data_directory import DataDirectory, Secrets
from entrypoints.cli.errors import CommandError

if TYPE_CHECKING:
    from entrypoints.settings import Settings

Result = TypeVar("Result")
OWNER = "kgl_owner"
RUNTIME = "kgl_app"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrls:
    """`admin` and `owner` are empty when the environment does not name them."""

    runtime: str
    owner: str = ""
    admin: str = ""

    def __repr__(self) -> str:
        return "DatabaseUrls()"


def embedded_server(data: DataDirectory, secrets: Secrets) -> EmbeddedPostgres:
    """The server of a data directory, not started."""
    return EmbeddedPostgres(data.postgres, password=secrets.admin_password, log=data.log("postgres"))


def embedded_urls(url: Callable[[str, str], str], admin_url: str, secrets: Secrets) -> DatabaseUrls:
    """The three logins of the embedded server."""
    return DatabaseUrls(
        runtime=url(RUNTIME, secrets.runtime_password),
        owner=url(OWNER, secrets.owner_password),
        admin=admin_url,
    )


@contextmanager
def open_database(settings: "Settings") -> Iterator[DatabaseUrls]:
    """The database of the environment; without one the embedded server, started for as long as this takes
    unless a `kgl up` runs it already."""
    if settings.database_url:
        yield DatabaseUrls(runtime=settings.database_url, owner=settings.migration_database_url)
        return
    data = DataDirectory(settings.data_path)
    data.prepare()
    if not data.claim():
        yield running_urls(data)
        return
    try:
        secrets = data.secrets()
        server = embedded_server(data, secrets)
        try:
            server.start()
            yield embedded_urls(server.url, server.admin_url, secrets)
        finally:
            server.stop()
    finally:
        data.release()


def running_urls(data: DataDirectory) -> DatabaseUrls:
    """The logins of the server that another process runs on this directory."""
    secrets, socket = data.existing_secrets(), running_socket(data.postgres)
    if secrets is None or socket is None:
        raise CommandError(f"another kgl is starting or stopping on {data.path}: try again in a moment")

    def url(user: str, password: str) -> str:
        return socket_url(socket, user, password, DATABASE)

    return embedded_urls(url, socket_url(socket, ADMINISTRATOR, secrets.admin_password, "postgres"), secrets)


def with_kept_key(settings: "Settings") -> "Settings":
    """The settings with the key `kgl up` made for this data directory, unless the environment has one."""
    if settings.credentials_key:
        return settings
    kept = DataDirectory(settings.data_path).existing_secrets()
    return msgspec.structs.replace(settings, credentials_key=kept.credentials_key) if kept else settings


async def prepare(urls: DatabaseUrls) -> None:
    """Logins, extension and tables as this version needs them; nothing is done when they are already."""
    if not urls.owner or await version(urls.owner) == head():
        return
    from adapters.postgres import migrations
    from adapters.postgres.provision import Logins, provision

    logins = Logins(owner_url=urls.owner, runtime_url=urls.runtime)
    if urls.admin:
        await provision(urls.admin, logins)
    await migrations.upgrade(logins)


async def version(url: str) -> str | None:
    """The migration a database is at. None before the first one, and when the login does not exist yet."""
    import asyncpg

    from adapters.postgres.engine import driver_dsn

    try:
        connection = await asyncpg.connect(driver_dsn(url))
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError):
        return None
    except (OSError, asyncpg.PostgresError) as error:
        raise CommandError(f"the database does not answer: {error}") from error
    try:
        found = await connection.fetchval("select version_num from backend_operations.alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    finally:
        await connection.close()
    return None if found is None else str(found)


async def in_thread(work: Callable[[], Result]) -> Result:
    """Runs blocking work to its end even when cancelled: half a start cannot be undone, a whole one can."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
