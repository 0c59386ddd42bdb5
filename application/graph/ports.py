"""What changing the graph needs of a store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from application.graph.schema import SchemaUnitOfWork
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, RelationshipId, UserId


class EntityRepository(Protocol):
    """The entities of the unit of work's user, and the keys under which extracted names find them."""

    async def add(self, entity: Entity, keys: Sequence[str]) -> None:
        """Stores a new entity and claims each key of its type that nobody holds yet.

        Raises `ExternalIdTaken` when another active one of its source has it, or one that was merged into
        an active one, and `NotAuthenticated` when the account no longer exists.
        """
        ...

    async def get(self, user_id: UserId, entity_id: EntityId) -> Entity:
        """The active entity, unchanged by others until this unit of work ends.

        Raises `EntityNotFound` for an absent, deleted or somebody else's one.
        """
        ...

    async def save(self, entity: Entity, claim: Sequence[str], release: Sequence[str]) -> None:
        """Stores the next version of an entity this unit of work has got.

        Claims keys like `add`, and gives up those of `release` that it holds, whatever their type. Raises
        `EntityChanged` when the stored version is not the one before, `ExternalIdTaken` as `add` does.
        """
        ...

    async def remove(
        self, user_id: UserId, entity_id: EntityId, expected_version: int | None, now: datetime
    ) -> Entity:
        """Deletes softly, gives up all its keys, and returns the entity as it stays.

        No relationship can be added to it from here on. Raises `EntityNotFound`, or `EntityChanged` when
        its version is not the expected one.
        """
        ...

    async def get_any(self, user_id: UserId, entity_id: EntityId) -> Entity:
        """The entity, deleted or not, unchanged by others until this unit of work ends.

        Raises `EntityNotFound` for an absent or somebody else's one, `WasMerged` for one that lives on in
        another.
        """
        ...

    async def restore(self, entity: Entity, keys: Sequence[str]) -> None:
        """Stores the next, active version of a deleted entity this unit of work has got, and claims keys
        like `add`. Raises `ExternalIdTaken` as `add` does."""
        ...


class RelationshipRepository(Protocol):
    """The relationships of the unit of work's user. Active ones have active ends, and no two active ones
    have the same ends and type."""

    async def add(self, relationship: Relationship) -> None:
        """Stores a new relationship.

        Raises `RelationshipExists`, `ExternalIdTaken` when another active one of its source has it, or
        `InvalidInput` pointing at each end that is not an active entity of this user.
        """
        ...

    async def get(self, user_id: UserId, relationship_id: RelationshipId) -> Relationship:
        """The active relationship, unchanged by others until this unit of work ends.

        Raises `RelationshipNotFound` for an absent, deleted or somebody else's one.
        """
        ...

    async def save(self, before: Relationship, after: Relationship) -> None:
        """Stores the next version of a relationship this unit of work has got.

        Raises as `add` does, and `RelationshipChanged` when the stored version is not the one before.
        """
        ...

    async def remove(
        self, user_id: UserId, relationship_id: RelationshipId, expected_version: int | None, now: datetime
    ) -> Relationship:
        """Deletes softly and returns the relationship as it stays.

        Raises `RelationshipNotFound`, or `RelationshipChanged` when its version is not the expected one.
        """
        ...

    async def remove_of(self, user_id: UserId, entity_id: EntityId, now: datetime) -> Sequence[Relationship]:
        """Deletes softly every active relationship at either end of an entity; returns them as they stay,
        by id. They come back with `restore_of`."""
        ...

    async def get_any(self, user_id: UserId, relationship_id: RelationshipId) -> Relationship:
        """The relationship, deleted or not, unchanged by others until this unit of work ends.

        Raises `RelationshipNotFound` for an absent or somebody else's one.
        """
        ...

    async def restore(self, relationship: Relationship) -> None:
        """Stores the next, active version of a deleted relationship this unit of work has got.

        Raises `EndIsDeleted`, and `RelationshipExists` and `ExternalIdTaken` as `add` does.
        """
        ...

    async def restore_of(self, user_id: UserId, entity_id: EntityId, now: datetime) -> Sequence[Relationship]:
        """Brings back those that `remove_of` deleted at an end of an entity that is active again, where the
        other end is active, too, and nothing took their place since; returns them, by id."""
        ...


class GraphUnitOfWork(SchemaUnitOfWork, Protocol):
    """One transaction over one user's graph."""

    @property
    def entities(self) -> EntityRepository: ...

    @property
    def relationships(self) -> RelationshipRepository: ...
