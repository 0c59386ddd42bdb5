"""Reading merges of dictionaries."""

from adapters.memory.documents_rows import of_user
from adapters.memory.graph_merges import MERGES, StoredMerge
from adapters.memory.store import MemoryStore
from application.graph.merges import MergeQueries, MergeView, merge_view
from application.shared.pages import Page, PageRequest, Position
from domain.graph.errors import MergeNotFound
from domain.shared.ids import EntityId, MergeId, UserId


class InMemoryMergeQueries(MergeQueries):
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def merge(self, user_id: UserId, merge_id: MergeId) -> MergeView:
        stored = self._store.table(MERGES).get((user_id, merge_id))
        if not isinstance(stored, StoredMerge):
            raise MergeNotFound
        return merge_view(stored.merge)

    async def merges(
        self, user_id: UserId, entity_id: EntityId | None, undone: bool | None, page: PageRequest
    ) -> Page[MergeView]:
        found = [
            merge_view(stored.merge) for stored in of_user(self._store.table(MERGES), StoredMerge, user_id)
        ]
        wanted = [
            view
            for view in found
            if entity_id in (None, view.target_id, *view.source_ids)
            and undone in (None, view.undone_at is not None)
        ]
        wanted.sort(key=lambda view: (view.merged_at, view.id), reverse=page.descending)
        if page.after is not None:
            last = (page.after.key, page.after.id)
            places = [(view.merged_at, view.id) for view in wanted]
            wanted = wanted[places.index(last) + 1 :] if last in places else []
        shown, more = wanted[: page.limit], len(wanted) > page.limit
        return Page(rows=shown, next=Position(key=shown[-1].merged_at, id=shown[-1].id) if more else None)
