"""`kgl serve` and `kgl consume` with the application's own tenant filters taken out of every statement.

What remains is what the database does by itself. `python -m tests.e2e.api.unfiltered serve`; with
`UNCONFINED=1` it serves from any login, one that bypasses row level security included.
"""

import functools
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import asyncpg
import structlog

from adapters.postgres import readiness
from adapters.postgres.engine import Database
from adapters.postgres.retention import HANDLED, STATEMENTS
from entrypoints.cli.main import main

log = structlog.get_logger()

# `x.user_id = $1` or `= (select $1::uuid)`, `x.user_id = tenant.user_id`, and of the accounts themselves
# `id = ...`.
FILTER: Final = re.compile(
    r"(?:\w+\.)*(?:user_id = (?P<first>\$1(?!\d)(?:::uuid)?|\(select \$1::uuid\))|"
    r"(?:user_)?id = (?P<tenant>tenant\.user_id))",
    re.IGNORECASE,
)
ACCOUNT: Final = re.compile(r"\b(?:\w+\.)?id = (?P<first>\$1(?!\d)(?:::uuid)?)", re.IGNORECASE)
LEFT: Final = re.compile(r"user_id = (?:\$\d+|tenant|\(select \$)", re.IGNORECASE)
# What enters a scope sees every user by design: the login that looks for an account, the relay, and what
# removes old rows, which has entered its scope by a statement of its own.
SCOPED: Final = "act_within"
PURGING: Final = {HANDLED, *STATEMENTS.values()}


def always(match: re.Match[str]) -> str:
    """A condition that holds for every row, and keeps the parameter in use."""
    tenant = match.groupdict().get("tenant")
    return f"({tenant} is not null)" if tenant else "($1::uuid is not null)"


@functools.cache
def without_filters(sql: str) -> str:
    """The statement with its tenant filters taken out, noted in the log once."""
    if SCOPED in sql or sql in PURGING or "backend_" not in sql:
        return sql
    changed, removed = FILTER.subn(always, sql)
    if "backend_auth.users" in sql:
        changed, more = ACCOUNT.subn(always, changed)
        removed += more
    log.info("filters_removed", removed=removed, left=len(LEFT.findall(changed)), statement=changed)
    return changed


def rewriting(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A connection's method that takes a statement."""

    async def rewritten(connection: object, sql: str, *arguments: object, **options: object) -> object:
        return await run(connection, without_filters(sql), *arguments, **options)

    return rewritten


def rewriting_cursor(open_cursor: Callable[..., Any]) -> Callable[..., Any]:
    """As `rewriting`, for what opens a cursor."""

    def rewritten(connection: object, sql: str, *arguments: object, **options: object) -> object:
        return open_cursor(connection, without_filters(sql), *arguments, **options)

    return rewritten


async def no_objections(database: Database, expected_version: str) -> Sequence[str]:
    """Whatever the login may do."""
    return []


if __name__ == "__main__":
    # The pool's connections look their methods up in this class for every call.
    wrappers = dict.fromkeys(("fetch", "fetchrow", "fetchval", "execute"), rewriting)
    for name, wrapper in {**wrappers, "cursor": rewriting_cursor}.items():
        setattr(asyncpg.Connection, name, wrapper(getattr(asyncpg.Connection, name)))
    if os.environ.get("UNCONFINED"):
        readiness.objections = no_objections
    main()
