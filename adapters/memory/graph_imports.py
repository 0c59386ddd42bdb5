"""Files on their way into a graph over dictionaries, for tests without a server."""

from collections.abc import Mapping
from datetime import datetime

from adapters.memory.store import Rows
from application.graph.imports import ImportRepository, ImportState
from domain.shared.ids import EntityId, GraphJobId, UserId

IMPORTS = "imports"  # (user id, import id) -> ImportState
IMPORT_PARTS = "import_parts"  # (user id, import id, ordinal) -> bytes
IMPORT_KEYS = "import_keys"  # (user id, import id, key) -> EntityId


class InMemoryImportRepository(ImportRepository):
    """Works on the tables of one unit of work."""

    def __init__(self, imports: Rows, parts: Rows, keys: Rows) -> None:
        self._imports = imports
        self._parts = parts
        self._keys = keys

    async def open(self, user_id: UserId, import_id: GraphJobId, now: datetime) -> None:  # noqa: ARG002 - nothing is swept here
        self._imports[(user_id, import_id)] = ImportState()

    async def append(self, user_id: UserId, import_id: GraphJobId, ordinal: int, content: bytes) -> None:
        self._parts[(user_id, import_id, ordinal)] = content

    async def part(self, user_id: UserId, import_id: GraphJobId, ordinal: int) -> bytes | None:
        content = self._parts.get((user_id, import_id, ordinal))
        return content if isinstance(content, bytes) else None

    async def state(self, user_id: UserId, import_id: GraphJobId) -> ImportState | None:
        state = self._imports.get((user_id, import_id))
        return state if isinstance(state, ImportState) else None

    async def keep(self, user_id: UserId, import_id: GraphJobId, state: ImportState) -> None:
        self._imports[(user_id, import_id)] = state

    async def remember(self, user_id: UserId, import_id: GraphJobId, keys: Mapping[str, EntityId]) -> None:
        for key, entity_id in keys.items():
            self._keys.setdefault((user_id, import_id, key), entity_id)

    async def empty(self, user_id: UserId, import_id: GraphJobId) -> None:
        for rows in (self._parts, self._keys):
            for row in [row for row in rows if isinstance(row, tuple) and row[:2] == (user_id, import_id)]:
                del rows[row]

    async def remove(self, user_id: UserId, import_id: GraphJobId) -> None:
        await self.empty(user_id, import_id)
        self._imports.pop((user_id, import_id), None)
