"""A whole graph on its way out, in one consistent state of it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from application.graph.views import EntityView, RelationshipView
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilter:
    """`types`: entities of these types alone, and the relationships between them; None for all."""

    include_inactive: bool = False
    types: Sequence[str] | None = None


class GraphSnapshot(Protocol):
    """A graph as it was at one moment, whatever is written meanwhile."""

    def entities(self) -> AsyncIterator[Sequence[EntityView]]:
        """All entities by id, some at a time."""
        ...

    def relationships(self) -> AsyncIterator[Sequence[RelationshipView]]:
        """All relationships by id, some at a time; their ends are among the entities."""
        ...


class GraphSnapshots(Protocol):
    """Opens snapshots."""

    def __call__(
        self, user_id: UserId, wanted: ExportFilter, /
    ) -> AbstractAsyncContextManager[GraphSnapshot]:
        """What another user owns is not in it. Raises `Unavailable` when as many are open as may be."""
        ...


class GraphWriter(Protocol):
    """Writes one format; made anew for each file."""

    def begin(self) -> bytes:
        """What comes before everything."""
        ...

    def entities(self, rows: Iterable[EntityView]) -> bytes:
        """Entities; none follow the first relationships."""
        ...

    def relationships(self, rows: Iterable[RelationshipView]) -> bytes:
        """Relationships."""
        ...

    def end(self) -> bytes:
        """What comes after everything."""
        ...


async def written(
    snapshots: GraphSnapshots, user_id: UserId, wanted: ExportFilter, writer: GraphWriter
) -> AsyncIterator[bytes]:
    """The file, piece by piece. Closing it closes the snapshot."""
    async with snapshots(user_id, wanted) as snapshot:
        yield writer.begin()
        async for entities in snapshot.entities():
            yield writer.entities(entities)
        async for relationships in snapshot.relationships():
            yield writer.relationships(relationships)
        yield writer.end()
