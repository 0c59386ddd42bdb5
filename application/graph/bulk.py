"""What writing many entities and relationships at once needs of a store."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from application.graph.schema import SchemaUnitOfWork
from domain.graph.bulk import EndReference, EntityRow, RelationshipRow
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.errors import Conflict
from domain.shared.ids import EntityId, GraphJobId, RelationshipId, UserId


class RowsCollide(Conflict):
    """One of these contradicts what is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntity:
    """An entity to be stored, with the keys it claims if nobody holds them, and those it gives up."""

    entity: Entity
    claim: Sequence[str] = ()
    release: Sequence[str] = ()
    was_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRelationship:
    """A relationship to be stored."""

    relationship: Relationship
    was_active: bool = True


class BulkRepository(Protocol):
    """The graph of the unit of work's user, many rows a step.

    `add_` and `save_` announce each thing they store with an event of its own, stored with it: `.created`,
    `.updated`, or `.restored` where a deleted one becomes active. None of these events is audited one by one.
    What is in the way of a thing: another one with its id, or, if it is active, an active one with its
    external id and source, or its ends and type.
    """

    async def find_entities(self, user_id: UserId, rows: Sequence[EntityRow]) -> Mapping[int, Entity]:
        """By place, those that are there already: the active one with the row's external id and source,
        else the one with its id, deleted or not. Nobody else changes them until this unit of work ends."""
        ...

    async def add_entities(self, entities: Sequence[StoredEntity]) -> AbstractSet[EntityId]:
        """Stores new ones, but for those that something stored, or before them here, is in the way of;
        returns the ids of these. Raises `AccountGone` when the account no longer exists."""
        ...

    async def save_entities(self, entities: Sequence[StoredEntity]) -> None:
        """Stores the next versions of what `find_entities` found. Raises `RowsCollide`, and has stored
        nothing, when something is in the way of one of them."""
        ...

    async def resolve(
        self, user_id: UserId, import_id: GraphJobId | None, ends: Collection[EndReference]
    ) -> Mapping[EndReference, EntityId]:
        """The entities that references stand for, as far as there are any: an id by what the import has
        remembered for it, else by itself; a key by what the import has remembered; the others by what is
        active in the graph."""
        ...

    async def hold_ends(self, user_id: UserId, ids: Collection[EntityId]) -> Mapping[EntityId, bool]:
        """Which of these entities are there, and whether they are active. They stay so until this unit of
        work ends."""
        ...

    async def find_relationships(
        self, user_id: UserId, rows: Sequence[RelationshipRow]
    ) -> Mapping[int, Relationship]:
        """By place, those that are there already: the active one with the row's external id and source,
        else the one with its id, deleted or not, else the active one with the ends and type of its content.
        Nobody else changes them until this unit of work ends."""
        ...

    async def add_relationships(
        self, relationships: Sequence[StoredRelationship]
    ) -> AbstractSet[RelationshipId]:
        """As `add_entities`; the ends are held."""
        ...

    async def save_relationships(self, relationships: Sequence[StoredRelationship]) -> None:
        """As `save_entities`; the ends are held."""
        ...


class BulkUnitOfWork(SchemaUnitOfWork, Protocol):
    """One transaction over one user's graph, and the schema it is held to."""

    @property
    def bulk(self) -> BulkRepository: ...
