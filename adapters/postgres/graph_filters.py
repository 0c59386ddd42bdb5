"""Filtered, sorted keyset pages as SQL: one compiled statement for each combination that is asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from asyncpg import Record
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Double,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres import json
from adapters.postgres import tables as t
from adapters.postgres.graph_analytics_filters import FILTERS, condition, ranked
from adapters.postgres.keyset import keyset
from adapters.postgres.statements import Statement, confined
from application.graph.queries import (
    ANALYTICS_SORTS,
    CommonFilter,
    EntityFilter,
    RelationshipFilter,
    metadata_alternatives,
)
from application.graph.views import EntityJson, EntityView, RelationshipJson, RelationshipView
from application.shared.pages import Page, PageRequest, Position

Shown = TypeVar("Shown", EntityJson, RelationshipJson)

TIME = DateTime(timezone=True)
ENDS = ("source_entity_id", "target_entity_id")


def _conditions(table: Table) -> Mapping[str, ColumnElement[bool]]:
    """Every condition a list of this table can be asked for, by the parameter that brings its value."""
    c = table.c
    found: dict[str, ColumnElement[bool]] = {
        "type": c.type == bindparam("type", type_=Text),
        "min_confidence": c.confidence >= bindparam("min_confidence", type_=Double),
        "source": c.source == bindparam("source", type_=Text),
        "source_type": c.source_type == bindparam("source_type", type_=Text),
        "external_id": c.external_id == bindparam("external_id", type_=Text),
        "created_after": c.created_at > bindparam("created_after", type_=TIME),
        "created_before": c.created_at < bindparam("created_before", type_=TIME),
    }
    if table is t.entities:
        found["q"] = c.search.bool_op("@@")(func.to_tsquery("simple", bindparam("q", type_=Text)))
    else:
        either = bindparam("entity_id", type_=Uuid)
        found["entity_id"] = or_(*(c[end] == either for end in ENDS))
        found |= {end: c[end] == bindparam(end, type_=Uuid) for end in ENDS}
    return found


SORT_TYPES: Mapping[str, Any] = {
    "created_at": TIME,
    "updated_at": TIME,
    "name": Text(),
    "confidence": Double(),
}
# What writes a row of each table as the API shows it.
AS_JSON: Mapping[str, str] = {
    "entities": "backend_entities.entity_json(entities)",
    "relationships": "backend_entities.relationship_json(relationships)",
}
# How many rows are asked for: the fewest of these that hold the page and the row after it. They stand in the
# statement itself: for a limit it does not know the planner assumes a tenth of all rows, thinks that no
# general plan can be good, and plans every request anew.
ROWS = (11, 21, 26, 51, 101, 201)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """What makes two lists different statements.

    `given` names conditions; `metadata` counts metadata filters; `after` says that a page precedes; `rows` is
    one of `ROWS`.
    """

    table: Table
    given: frozenset[str]
    metadata: int
    active: bool
    sort: str
    descending: bool
    after: bool
    rows: int


@lru_cache(maxsize=512)
def page_statement(shape: PageShape) -> Statement:
    """The statement of one shape, compiled when it is first asked for."""
    table = shape.table

    def build(user_id: ColumnElement[Any]) -> Select[Any]:
        c = table.c
        query: Select[Any] = select(literal_column(AS_JSON[table.name]).label("shown")).where(
            c.user_id == user_id
        )
        known = _conditions(table)
        for name in sorted(shape.given):
            query = query.where(condition(user_id, name) if name in FILTERS else known[name])
        for place in range(shape.metadata):
            # Each comparison by itself: no index knows `@> any(...)`.
            query = query.where(
                or_(
                    *(
                        c.metadata.bool_op("@>")(cast(bindparam(f"{kind}_{place}", type_=Text), JSONB))
                        for kind in ("text", "spelled")
                    )
                )
            )
        if shape.active:
            query = query.where(c.is_active)
        key: ColumnElement[Any]
        row_id: ColumnElement[Any]
        if shape.sort in ANALYTICS_SORTS:
            query, key, row_id = ranked(query, user_id, shape.sort)
        else:
            key, row_id = c[shape.sort], c.id
        kind = SORT_TYPES.get(shape.sort, Double())
        return keyset(
            query, key, row_id, descending=shape.descending, after=shape.after, kind=kind, rows=shape.rows
        )

    return Statement(confined(build))


def page_query(
    table: Table, wanted: CommonFilter, page: PageRequest
) -> tuple[Statement, Mapping[str, object]]:
    """The statement for this list, and the values of its parameters but the user's id.

    At least one row more than the page holds is asked for: it tells whether there is a next page.
    """
    values: dict[str, object] = {
        "min_confidence": wanted.min_confidence,
        "source": wanted.source,
        "source_type": wanted.source_type,
        "external_id": wanted.external_id,
        "created_after": wanted.created_after,
        "created_before": wanted.created_before,
    }
    if isinstance(wanted, EntityFilter):
        values |= {"type": wanted.type, "q": None if wanted.q is None else prefix_query(wanted.q)}
        values |= {name: getattr(wanted, name) for name in FILTERS}
    if isinstance(wanted, RelationshipFilter):
        values |= {
            "type": wanted.relationship_type,
            "entity_id": wanted.entity_id,
            "source_entity_id": wanted.source_entity_id,
            "target_entity_id": wanted.target_entity_id,
        }
    given = frozenset(name for name, value in values.items() if value is not None)
    shape = PageShape(
        table=table,
        given=given,
        metadata=len(wanted.metadata),
        active=not wanted.include_inactive,
        sort=page.sort,
        descending=page.descending,
        after=page.after is not None,
        rows=next(rows for rows in ROWS if rows > page.limit),
    )
    parameters: dict[str, object] = {name: values[name] for name in given}
    for place, (key, text) in enumerate(wanted.metadata.items()):
        as_text, as_spelled = metadata_alternatives(key, text)
        parameters |= {f"text_{place}": json.encode(as_text), f"spelled_{place}": json.encode(as_spelled)}
    if page.after is not None:
        parameters |= {"key": page.after.key, "id": page.after.id}
    return page_statement(shape), parameters


def json_page_of(
    rows: Sequence[Record],
    page: PageRequest,
    shown: Callable[[str], Shown],
    read: Callable[[Shown], EntityView | RelationshipView],
) -> Page[Shown]:
    """The rows of the page, without those that only show that there are more."""
    found = [shown(row["shown"]) for row in rows[: page.limit]]
    if len(rows) <= page.limit:
        return Page(rows=found, next=None)
    last = read(found[-1])
    is_ranked = page.sort in ANALYTICS_SORTS
    key = rows[page.limit - 1][page.sort] if is_ranked else getattr(last, page.sort)
    return Page(rows=found, next=Position(key=key, id=last.id))


def prefix_query(q: str) -> str:
    """A tsquery text that asks for every word as a prefix. Quoted, so that its operators are mere text."""
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in q.split())
    return " & ".join(quoted)
