"""Reading the graph: single things and filtered lists, straight from rows to the reply."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from application.graph.views import EntityJson, EntityView, RelationshipJson, RelationshipView
from application.shared.pages import Page, PageRequest
from domain.shared.checks import Checks
from domain.shared.ids import EntityId, RelationshipId, UserId
from domain.shared.json import Json, JsonObject

ENTITY_SORTS = ("created_at", "updated_at", "name", "confidence")
# What entities are sorted by beyond their own fields, once it was computed about the whole graph.
ANALYTICS_SORTS = ("pagerank", "degree", "betweenness")
RELATIONSHIP_SORTS = ("created_at", "updated_at", "confidence")
METADATA_FILTERS = 10
MOST_GROUPS = 2**31
SEARCH_WORDS = 16
SEARCH_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonFilter:
    """What both kinds can be filtered by; all that is given must hold.

    `metadata` compares top-level members: a value matches the equal string, and the number, boolean or
    null it spells. The creation bounds are exclusive. Deleted things are left out unless asked for.
    """

    min_confidence: float | None = None
    source: str | None = None
    source_type: str | None = None
    external_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_after: datetime | None = None
    created_before: datetime | None = None
    include_inactive: bool = False

    def __post_init__(self) -> None:
        """Raises `InvalidInput` for too many metadata filters, and for a moment without its time zone or
        that no calendar has."""
        checks = Checks()
        if len(self.metadata) > METADATA_FILTERS:
            checks.refuse("/metadata", "too_many", f"at most {METADATA_FILTERS} metadata filters")
        for pointer, moment in (
            ("/created_after", self.created_after),
            ("/created_before", self.created_before),
        ):
            if moment is not None and moment.tzinfo is None:
                checks.refuse(pointer, "no_time_zone", "must name its offset from UTC")
            elif moment is not None and not _is_in_utc(moment):
                checks.refuse(pointer, "out_of_range", "must be in the years 1 to 9999 in UTC")
        checks.finish()


def _is_in_utc(moment: datetime) -> bool:
    """Whether the calendar reaches: an offset moves the first and the last day out of it."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFilter(CommonFilter):
    """`q` holds words; each must begin a word of the name or of an alias, whatever its case. The rest
    compares with what was last computed about the whole graph; entities that are not in that do not pass."""

    type: str | None = None
    q: str | None = None
    min_pagerank: float | None = None
    min_degree: float | None = None
    min_betweenness: float | None = None
    community: int | None = None
    component: int | None = None

    def __post_init__(self) -> None:
        """Raises `InvalidInput` as every filter does, and for a search that is too long."""
        CommonFilter.__post_init__(self)
        self._check_results()
        if self.q is not None and (len(self.q) > SEARCH_LENGTH or len(self.q.split()) > SEARCH_WORDS):
            checks = Checks()
            checks.refuse("/q", "too_long", f"at most {SEARCH_WORDS} words and {SEARCH_LENGTH} characters")
            checks.finish()

    def _check_results(self) -> None:
        checks = Checks()
        for name in ("community", "component"):
            number = getattr(self, name)
            if number is not None and not 1 <= number <= MOST_GROUPS:
                checks.refuse(f"/{name}", "out_of_range", "must be a number of a group, counted from 1")
        checks.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipFilter(CommonFilter):
    """`entity_id` is either end."""

    source_entity_id: EntityId | None = None
    target_entity_id: EntityId | None = None
    entity_id: EntityId | None = None
    relationship_type: str | None = None


def metadata_alternatives(key: str, text: str) -> tuple[JsonObject, JsonObject]:
    """The two objects a metadata filter looks for: the member as a string, and as the value it spells."""
    spelled: Json = text
    try:
        value = json.loads(text, parse_constant=lambda _: text)
    except (ValueError, RecursionError):
        value = text
    if value is None or (isinstance(value, bool | int | float) and abs(value) < float("inf")):
        spelled = value
    return {key: text}, {key: spelled}


class EntityQueries(Protocol):
    """Reads one user's entities."""

    async def entity(self, user_id: UserId, entity_id: EntityId) -> EntityView:
        """Raises `EntityNotFound` for an absent, deleted or somebody else's one."""
        ...

    async def entities(self, user_id: UserId, wanted: EntityFilter, page: PageRequest) -> Page[EntityView]:
        """One page, sorted by one of `ENTITY_SORTS`, or of `ANALYTICS_SORTS`: then of the entities that the
        last result knows. Raises `InvalidInput` when the page needs what was never computed."""
        ...

    async def entities_json(
        self, user_id: UserId, wanted: EntityFilter, page: PageRequest
    ) -> Page[EntityJson]:
        """The same page, to be passed on as it is."""
        ...


class RelationshipQueries(Protocol):
    """Reads one user's relationships."""

    async def relationship(self, user_id: UserId, relationship_id: RelationshipId) -> RelationshipView:
        """Raises `RelationshipNotFound` for an absent, deleted or somebody else's one."""
        ...

    async def relationships(
        self, user_id: UserId, wanted: RelationshipFilter, page: PageRequest
    ) -> Page[RelationshipView]:
        """One page, sorted by one of `RELATIONSHIP_SORTS`."""
        ...

    async def relationships_json(
        self, user_id: UserId, wanted: RelationshipFilter, page: PageRequest
    ) -> Page[RelationshipJson]:
        """The same page, to be passed on as it is."""
        ...
