"""Keyset pages: how a list is asked for and answered, whatever it lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

Row = TypeVar("Row")
SortKey = str | float | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last row of the page before: its sort key, and its id where keys are equal."""

    key: SortKey
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """`limit` rows (1 to 200) after `after`, ordered by the field `sort` and then by id.

    `descending` turns both orders round.
    """

    sort: str
    descending: bool = False
    limit: int = 50
    after: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """`next` is where the following page begins, None on the last one."""

    rows: Sequence[Row]
    next: Position | None
