"""Keyset pages: in order of a key and then of the id, from the beginning or from behind a row."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from asyncpg import Record
from sqlalchemy import ColumnElement, DateTime, Integer, Select, Uuid, bindparam, literal_column, tuple_
from sqlalchemy.types import TypeEngine

from application.shared.pages import Page, PageRequest, Position

View = TypeVar("View")

TIME = DateTime(timezone=True)


def keyset(
    query: Select[Any],
    key: ColumnElement[Any],
    row_id: ColumnElement[Any],
    *,
    descending: bool,
    after: bool,
    kind: TypeEngine[Any] = TIME,
    rows: int | None = None,
) -> Select[Any]:
    """The first `:limit` rows (`rows`, if given), or with `after` those behind the row of `:key`, which is of
    type `kind`, and `:id`."""
    if after:
        last = tuple_(bindparam("key", type_=kind), bindparam("id", type_=Uuid))
        here = tuple_(key, row_id)
        query = query.where(here < last if descending else here > last)
    order = (key.desc(), row_id.desc()) if descending else (key, row_id)
    most = bindparam("limit", type_=Integer) if rows is None else literal_column(str(rows), Integer)
    return query.order_by(*order).limit(most)


def page_of(rows: Sequence[Record], page: PageRequest, view: Callable[[Record], View]) -> Page[View]:
    """The rows of the page, without the one that only shows that there are more."""
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    return Page(
        rows=[view(row) for row in shown],
        next=Position(key=shown[-1][page.sort], id=shown[-1]["id"]) if more else None,
    )
