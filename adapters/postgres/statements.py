"""Core statements compiled once and run on the driver connection, confined to one user in one round trip.

A read is wrapped so that row level security sees the user before the scan begins, without a transaction
of its own: `act_as` is volatile and LATERAL with OFFSET keeps the planner from reordering the two.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from asyncpg import Connection, Record
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Select,
    String,
    Uuid,
    bindparam,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import asyncpg as dialect

DriverConnection: TypeAlias = "Connection[Record] | PoolConnectionProxy[Record]"

_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialect constructors are untyped


class Statement:
    """One compiled statement; its parameters are given by the names of its `bindparam`s."""

    __slots__ = ("_constants", "names", "sql")

    def __init__(self, clause: ClauseElement) -> None:
        compiled = clause.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self.names: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())
        self._constants: Mapping[str, Any] = {
            name: value for name, value in compiled.params.items() if value is not None
        }

    def arguments(self, parameters: Mapping[str, object]) -> list[object]:
        """The values in the order of the placeholders. Raises `KeyError` for one that is missing."""
        return [parameters[n] if n in parameters else self._constants[n] for n in self.names]

    async def fetch(self, connection: DriverConnection, **parameters: object) -> Sequence[Record]:
        """All rows."""
        return await connection.fetch(self.sql, *self.arguments(parameters))

    async def fetchrow(self, connection: DriverConnection, **parameters: object) -> Record | None:
        """The first row, if any."""
        return await connection.fetchrow(self.sql, *self.arguments(parameters))


def confined(build: Callable[[ColumnElement[Any]], Select[Any]]) -> Select[Any]:
    """Wraps the select that `build` makes of the user's id column; the parameter is named `user_id`.

    The select must name that column in its own WHERE, so that indexes that begin with it are used.
    """
    act_as = func.backend_operations.act_as(bindparam("user_id", type_=Uuid))
    tenant = act_as.table_valued(column("user_id", Uuid)).render_derived(name="tenant")
    return _after(tenant, build(tenant.c.user_id))


def within(scope: str, inner: Select[Any]) -> Select[Any]:
    """Wraps a select that sees every user's rows on the tables whose policies name `scope`."""
    act_within = func.backend_operations.act_within(bindparam("scope", scope, type_=String))
    entered = act_within.table_valued(column("scope", String)).render_derived(name="entered")
    return _after(entered, inner)


def _after(first: Any, inner: Select[Any]) -> Select[Any]:
    if inner._offset_clause is None and inner._limit_clause is None:
        inner = inner.offset(0)
    rows = inner.correlate(first).lateral("rows")
    return select(*rows.c).select_from(first.join(rows, true()))
