"""Settings of a user's graph in dictionaries."""

from adapters.memory.store import MemoryStore, Rows
from application.graph.graph_settings import GraphSettingsQueries, GraphSettingsRepository
from domain.graph.settings import GraphSettings
from domain.shared.ids import UserId

GRAPH_SETTINGS = "graph_settings"  # (user id,) -> GraphSettings


class InMemoryGraphSettingsRepository(GraphSettingsRepository):
    """Works on the table of one unit of work."""

    def __init__(self, settings: Rows) -> None:
        self._settings = settings

    async def get(self, user_id: UserId) -> GraphSettings:
        return _settings_of(self._settings, user_id)

    async def put(self, settings: GraphSettings) -> None:
        self._settings[(settings.user_id,)] = settings


class InMemoryGraphSettingsQueries(GraphSettingsQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def get(self, user_id: UserId) -> GraphSettings:
        return _settings_of(self._store.table(GRAPH_SETTINGS), user_id)


def _settings_of(rows: Rows, user_id: UserId) -> GraphSettings:
    row = rows.get((user_id,))
    return row if isinstance(row, GraphSettings) else GraphSettings(user_id=user_id)
