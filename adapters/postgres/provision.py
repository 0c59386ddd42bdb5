"""Makes the logins, the database and the extension that need a superuser; run once per server."""

from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import URL, make_url

from adapters.postgres.engine import driver_dsn

# Letters beyond ASCII fold their case whatever locale the server was made with. PostgreSQL 15 and 16 do not
# know this locale themselves, but most systems they run on do; elsewhere the server's own decides.
LOCALE = (
    "template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' "
    "lc_collate 'C' lc_ctype 'C'"
)
SYSTEM_LOCALE = "template template0 encoding 'UTF8' locale_provider libc lc_collate 'C' lc_ctype 'C.UTF-8'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """`owner_url` migrates and owns; `runtime_url` serves and can never bypass row level security."""

    owner_url: str
    runtime_url: str


def quote(name: str | None) -> str:
    """An SQL identifier. Raises `ValueError` for a missing one."""
    if not name:
        raise ValueError("the URL names no user or no database")
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | None) -> str:
    """An SQL string literal."""
    escaped = (value or "").replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


async def provision(admin_url: str, logins: Logins) -> None:
    """Creates what is missing and corrects what is wrong; running it again changes nothing.

    Raises asyncpg's errors when `admin_url` is not a superuser's.
    """
    owner, runtime = make_url(logins.owner_url), make_url(logins.runtime_url)
    admin = await asyncpg.connect(driver_dsn(admin_url))
    try:
        await login(admin, owner)
        await login(admin, runtime)
        if not await admin.fetchval("select true from pg_database where datname = $1", owner.database):
            await admin.execute(
                f"create database {quote(owner.database)} owner {quote(owner.username)} {await locale(admin)}"
            )
    finally:
        await admin.close()
    inside = await asyncpg.connect(
        driver_dsn(
            str(make_url(admin_url).set(database=owner.database).render_as_string(hide_password=False))
        )
    )
    try:
        await inside.execute("create extension if not exists vector")
        await inside.execute("alter function pg_catalog.ts_match_vq(tsvector, tsquery) leakproof")
        await inside.execute("alter function pg_catalog.jsonb_contains(jsonb, jsonb) leakproof")
        await inside.execute(
            f"grant connect on database {quote(owner.database)} to {quote(runtime.username)}"
        )
    finally:
        await inside.close()


async def locale(admin: "asyncpg.Connection[asyncpg.Record]") -> str:
    """How a new database sorts and folds, as far as the server can be told."""
    if admin.get_server_version().major >= 17:
        return LOCALE
    known = await admin.fetchval(
        "select true from pg_collation where collprovider = 'c' and lower(collctype) in ('c.utf-8', 'c.utf8')"
    )
    return SYSTEM_LOCALE if known else ""


async def login(admin: "asyncpg.Connection[asyncpg.Record]", url: URL) -> None:
    """A login that is nothing more: no superuser, no BYPASSRLS, no role or database creation."""
    role = quote(url.username)
    if not await admin.fetchval("select true from pg_roles where rolname = $1", url.username):
        await admin.execute(f"create role {role}")
    password = literal(str(url.password)) if url.password else "null"
    await admin.execute(
        f"alter role {role} with login nosuperuser nobypassrls nocreaterole nocreatedb "
        f"noreplication password {password}"
    )
