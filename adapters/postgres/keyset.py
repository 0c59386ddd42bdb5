"""Keyset pages: in order of a key and then of the id, from the beginning or from behind a row."""

from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Select, Uuid, bindparam, tuple_
from sqlalchemy.types import TypeEngine

TIME = DateTime(timezone=True)


def keyset(
    query: Select[Any],
    key: ColumnElement[Any],
    row_id: ColumnElement[Any],
    *,
    descending: bool,
    after: bool,
    kind: TypeEngine[Any] = TIME,
) -> Select[Any]:
    """The first `:limit` rows, or with `after` those behind the row of `:key`, which is of type `kind`, and
    `:id`."""
    if after:
        last = tuple_(bindparam("key", type_=kind), bindparam("id", type_=Uuid))
        here = tuple_(key, row_id)
        query = query.where(here < last if descending else here > last)
    order = (key.desc(), row_id.desc()) if descending else (key, row_id)
    return query.order_by(*order).limit(bindparam("limit", type_=Integer))
