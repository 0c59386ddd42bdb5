"""Finding candidates for duplicates in dictionaries, by the blocks that Postgres' statement makes."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations
from uuid import UUID

from adapters.memory.documents_rows import MENTIONS, StoredPlace, of_user
from adapters.memory.graph_entities import ENTITIES
from adapters.memory.graph_relationships import RELATIONSHIPS, ends_of
from adapters.memory.store import MemoryStore
from application.graph.duplicates import Candidates, DuplicateQueries
from application.graph.views import entity_view
from domain.graph.duplicates import SMALL_WORDS, Neighbourhood
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.ids import DocumentId, EntityId, UserId


class InMemoryDuplicateQueries(DuplicateQueries):
    """Without the bounds: a test's graph is small."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def candidates(
        self, user_id: UserId, type_: str | None, entity_ids: Sequence[EntityId] | None
    ) -> Candidates:
        rows = of_user(self._store.table(ENTITIES), Entity, user_id)
        found = [(entity, _blocks(entity)) for entity in rows if entity.is_active]
        pairs = []
        for (one, its), (other, theirs) in combinations(sorted(found, key=lambda each: each[0].id), 2):
            asked = entity_ids is None or one.id in entity_ids or other.id in entity_ids
            if asked and its & theirs and type_ in (None, one.content.type, other.content.type):
                pairs.append((entity_view(one), entity_view(other)))
        return Candidates(pairs=pairs, truncated=False)

    async def around(self, user_id: UserId, pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[Neighbourhood]:
        edges = [
            set(ends_of(edge))
            for edge in of_user(self._store.table(RELATIONSHIPS), Relationship, user_id)
            if edge.is_active
        ]
        found = []
        for pair in pairs:
            one, other = (
                {end for edge in edges if thing in edge for end in edge} - set(pair) for thing in pair
            )
            related = any(set(pair) == edge for edge in edges)
            found.append(
                Neighbourhood(shared=len(one & other), fewest=min(len(one), len(other)), related=related)
            )
        return found

    async def mentioned_in(self, user_id: UserId, document_id: DocumentId) -> Sequence[EntityId]:
        places = of_user(self._store.table(MENTIONS), StoredPlace, user_id)
        return sorted({EntityId(p.subject) for p in places if p.document_id == document_id})


def _words(name: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    return re.sub(r"[-_/,;:()\[\]{}&+*!?|#@]", " ", re.sub("[.'\u2019\u02bc`\"]", "", plain)).split()


def _blocks(entity: Entity) -> set[str]:
    found = set[str]()
    for name in (entity.content.name, *entity.content.aliases):
        words = _words(name)
        found |= {f"w:{word}" for word in words if len(word) > 1} | {f"n:{''.join(words)}"}
        found |= {f"p:{word[:5]}" for word in words if len(word) > 5}
        found |= {f"c:{_consonants(word)}" for word in words if len(word) > 3}
        if len(words) == 1:
            found |= {f"i:{word}" for word in words if 2 <= len(word) <= 6}
        else:
            found.add("i:" + "".join(word[0] for word in words))
            found.add("i:" + "".join(word[0] for word in words if word not in SMALL_WORDS))
    return found


def _consonants(word: str) -> str:
    return word[0] + re.sub(r"(.)\1+", r"\1", re.sub("[aeiouyh]", "", word[1:]))
