"""Every version of a thing: what it said, who changed it and when, and what the change was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from application.shared.pages import Page, PageRequest, Position
from domain.graph.content import same_json
from domain.shared.ids import EntityId, RelationshipId, UserId

HISTORY_SORTS = ("version",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A member's value before and after."""

    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version. `change` is created, updated, deleted or restored; `differences` are the members that
    this version changed, by name; `changed_by` null: not recorded. Times are UTC."""

    version: int
    changed_at: datetime
    changed_by: UUID | None
    content: Mapping[str, Any]
    change: str = "created"
    differences: Mapping[str, Difference] = field(default_factory=dict)


class HistoryQueries(Protocol):
    """Reads the versions of one user's things, deleted ones' too."""

    async def of_entity(self, user_id: UserId, entity_id: EntityId, page: PageRequest) -> Page[VersionView]:
        """An entity's versions by number. Raises `EntityNotFound`."""
        ...

    async def of_relationship(
        self, user_id: UserId, relationship_id: RelationshipId, page: PageRequest
    ) -> Page[VersionView]:
        """A relationship's versions by number. Raises `RelationshipNotFound`."""
        ...


def explained(version: VersionView, before: VersionView | None) -> VersionView:
    """The version, with what it changed since the one before."""
    if before is None:
        return version
    changed = {
        name: Difference(before=before.content.get(name), after=value)
        for name, value in version.content.items()
        if not same_json({name: before.content.get(name)}, {name: value})
    }
    change = "updated"
    if "is_active" in changed:
        change = "restored" if version.content["is_active"] else "deleted"
    return replace(version, change=change, differences=changed)


def history_page(versions: Sequence[VersionView], page: PageRequest) -> Page[VersionView]:
    """A page of versions, out of all of them, newest first: each is explained by the one before it."""
    told = [
        explained(version, versions[place + 1] if place + 1 < len(versions) else None)
        for place, version in enumerate(versions)
    ]
    ordered = told if page.descending else told[::-1]
    if page.after is not None:
        last = float(str(page.after.key))
        ordered = [v for v in ordered if (v.version < last if page.descending else v.version > last)]
    shown = ordered[: page.limit]
    more = len(ordered) > page.limit
    # The id of a position is for keys that many share; a version's number is its own.
    return Page(rows=shown, next=Position(key=float(shown[-1].version), id=UUID(int=0)) if more else None)
