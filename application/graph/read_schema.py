"""Shows a graph's schema: what is declared, what is in use, and what breaks it."""

from typing import Final

from application.graph.change_schema_settings import settings_view
from application.graph.hold_to_schema import judged, read_chunk
from application.graph.schema import (
    DeclaredView,
    GraphSchemaView,
    MetadataSchemas,
    SchemaQueries,
    ViolatorView,
    entity_type_view,
    relationship_type_view,
)
from application.shared.pages import Page, PageRequest, Position
from domain.graph.schema import GraphSchema, UndeclaredTypes
from domain.shared.ids import UserId

VIOLATION_SORTS = ("kind",)
# What one page looks at: one without violations may be followed by others with some.
LOOKED_AT = 5_000
KINDS: Final = ("entity", "relationship")


class ReadSchema:
    """What is declared next to what is in use."""

    def __init__(self, queries: SchemaQueries) -> None:
        self._queries = queries

    async def __call__(self, user_id: UserId) -> GraphSchemaView:
        schema = await self._queries.schema(user_id)
        return GraphSchemaView(
            settings=settings_view(schema.settings),
            declared=DeclaredView(
                entity_types=[entity_type_view(d) for _, d in sorted(schema.entity_types.items())],
                relationship_types=[
                    relationship_type_view(schema, d) for _, d in sorted(schema.relationship_types.items())
                ],
            ),
            in_use=await self._queries.in_use(user_id),
        )


class ListViolations:
    """Entities by id, then relationships by id; a page looks at so many things, so it may hold fewer
    violators than asked for, or none, and still have a next one."""

    def __init__(self, queries: SchemaQueries, judge: MetadataSchemas, looked_at: int = LOOKED_AT) -> None:
        self._queries = queries
        self._judge = judge
        self._looked_at = looked_at

    async def __call__(self, user_id: UserId, page: PageRequest) -> Page[ViolatorView]:
        schema = await self._queries.schema(user_id)
        kinds: tuple[str, ...] = KINDS
        if page.after is not None and page.after.key in kinds:
            kinds = kinds[kinds.index(str(page.after.key)) :]
        after = page.after.id if page.after is not None and page.after.id.int else None
        found: list[ViolatorView] = []
        left = self._looked_at
        for kind in kinds:
            types = _looked_for(schema, kind)
            while types is None or types:
                wanted = min(left, 1000)
                chunk = await read_chunk(self._queries, schema, kind, types, after=after, limit=wanted)
                for facts in chunk:
                    if violator := judged(schema, self._judge, facts):
                        found.append(violator)
                    if len(found) == page.limit:
                        return Page(rows=found, next=Position(key=kind, id=facts.id))
                if len(chunk) < wanted:
                    break
                after, left = chunk[-1].id, left - len(chunk)
                if left <= 0:
                    return Page(rows=found, next=Position(key=kind, id=after))
            after = None
        return Page(rows=found, next=None)


def _looked_for(schema: GraphSchema, kind: str) -> list[str] | None:
    """The types something can be wrong with; None for all."""
    if schema.settings.undeclared_types is UndeclaredTypes.REFUSE:
        return None
    return list(schema.entity_types if kind == "entity" else schema.relationship_types)
