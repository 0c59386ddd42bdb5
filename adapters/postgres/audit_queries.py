"""Reads the audit log in one round trip: one's own rows, or in the scope `audit` everybody's."""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from asyncpg import Record
from sqlalchemy import ColumnElement, Select, Text, Uuid, bindparam, select

from adapters.postgres import tables as t
from adapters.postgres.engine import Database
from adapters.postgres.keyset import TIME, keyset, page_of
from adapters.postgres.statements import Statement, confined, within
from application.operations.queries import AuditFilter, AuditQueries, AuditRecordView, AuditView
from application.shared.pages import Page, PageRequest
from domain.shared.ids import UserId

SCOPE = "audit"
C = t.audit_logs.c
OWN = tuple(field.name for field in fields(AuditView))
ALL = tuple(field.name for field in fields(AuditRecordView))
CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "of_user": C.user_id == bindparam("of_user", type_=Uuid),
    "actor_id": C.actor_id == bindparam("actor_id", type_=Uuid),
    "action": C.action == bindparam("action", type_=Text),
    "resource_id": C.resource_id == bindparam("resource_id", type_=Uuid),
    "outcome": C.outcome == bindparam("outcome", type_=Text),
    "occurred_after": C.occurred_at > bindparam("occurred_after", type_=TIME),
    "occurred_before": C.occurred_at < bindparam("occurred_before", type_=TIME),
}


@lru_cache(maxsize=512)
def page_statement(own: bool, given: frozenset[str], descending: bool, after: bool) -> Statement:
    """The statement of one combination, compiled when it is first asked for."""

    def build(user_id: ColumnElement[Any] | None) -> Select[Any]:
        query = select(*(C[name] for name in (OWN if own else ALL)))
        if user_id is not None:
            query = query.where(C.user_id == user_id)
        query = query.where(*(CONDITIONS[name] for name in sorted(given)))
        return keyset(query, C.occurred_at, C.id, descending=descending, after=after)

    return Statement(confined(build) if own else within(SCOPE, build(None)))


def asked(wanted: AuditFilter) -> dict[str, object]:
    """The conditions that are given, with their values."""
    values = {name: getattr(wanted, name) for name in CONDITIONS if name != "of_user"}
    values["of_user"] = wanted.user_id
    return {name: value for name, value in values.items() if value is not None}


class PostgresAuditQueries(AuditQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, user_id: UserId, wanted: AuditFilter, page: PageRequest) -> Page[AuditView]:
        rows = await self._rows(user_id, wanted, page)
        return page_of(rows, page, lambda row: AuditView(**{name: row[name] for name in OWN}))

    async def everybody(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditRecordView]:
        rows = await self._rows(None, wanted, page)
        return page_of(rows, page, lambda row: AuditRecordView(**{name: row[name] for name in ALL}))

    async def _rows(self, user_id: UserId | None, wanted: AuditFilter, page: PageRequest) -> list[Record]:
        values = asked(wanted)
        own = user_id is not None
        statement = page_statement(own, frozenset(values), page.descending, page.after is not None)
        if page.after is not None:
            values |= {"key": page.after.key, "id": page.after.id}
        if own:
            values["user_id"] = user_id
        async with self._database.connection() as connection:
            return list(await statement.fetch(connection, **values, limit=page.limit + 1))
