"""The same sequences with what changes many things at once: merges, their undoing, and imports."""

import json
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, multiple, rule

from adapters.formats.registry import WRITERS
from application.graph.merge_entities import MergeEntitiesCommand
from application.graph.undo_merge import UndoMergeCommand
from application.shared.principal import Principal
from domain.graph.bulk import BulkMode
from domain.shared.ids import EntityId, MergeId
from tests.contract.graph.sequences.checks import check_graph
from tests.contract.graph.sequences.contents import file_entities, file_relationships, seen_versions
from tests.contract.graph.sequences.machine import GraphSequences
from tests.contract.graph.sequences.snapshots import Snapshot
from tests.contract.graph.sequences.worlds import plain
from tests.contract.systems import principal


class WideGraphSequences(GraphSequences):
    """What a file has is known to later rules only where it names an id itself."""

    merges: Bundle[UUID] = Bundle("merges")

    @rule(
        target=merges,
        into=GraphSequences.entities,
        sources=st.lists(GraphSequences.entities, min_size=1, max_size=3),
        seen=seen_versions,
    )
    def merge(self, into: UUID, sources: list[UUID], seen: int | None) -> MultipleResults[UUID]:
        command = MergeEntitiesCommand(
            principal=self.who,
            target_id=EntityId(into),
            source_ids=[EntityId(source) for source in sources],
            expected_version=self._version(into, seen),
        )
        return multiple(*self._made(self.do(lambda world: world.merge_entities(command))))

    @rule(merge=merges)
    def undo_merge(self, merge: UUID) -> None:
        command = UndoMergeCommand(principal=self.who, merge_id=MergeId(merge))
        self.do(lambda world: world.undo_merge(command))

    @rule(format_=st.sampled_from(sorted(WRITERS)))
    def move_to_an_empty_account(self, format_: str) -> None:
        """What is exported and imported elsewhere is the same graph, but for what a file does not have."""
        self._failed = True
        self._runner.run(self._move(principal(self.new_user()), format_))
        self._failed = False

    async def _move(self, somebody: Principal, format_: str) -> None:
        files = [await world.export_file(self.who, format_) for world in self.worlds]
        assert files == [files[0]] * len(files), "everybody exports the same file"
        told = [
            await world.import_file(somebody, file, BulkMode.UPSERT, True, format_)
            for world, file in zip(self.worlds, files, strict=True)
        ]
        assert [plain(each) for each in told] == [plain(told[0])] * len(told)
        moved = [await world.snapshot(somebody.user_id) for world in self.worlds]
        for graph in moved:
            check_graph(graph)
            assert graph.without_events() == moved[0].without_events(), moved[0].unlike(graph)
            assert _said(graph) == _said(self.now)

    @rule(
        things=st.lists(file_entities, max_size=4),
        links=st.lists(file_relationships, max_size=4),
        drawn=st.data(),
        mode=st.sampled_from(BulkMode),
        all_or_nothing=st.booleans(),
    )
    def import_file(
        self,
        things: list[dict[str, Any]],
        links: list[dict[str, Any]],
        drawn: st.DataObject,
        mode: BulkMode,
        all_or_nothing: bool,
    ) -> None:
        known = st.sampled_from([*sorted(self.now.entities), "00000000-0000-7000-8000-0000000000ff"])
        edges = st.sampled_from(
            [None, *sorted(self.now.relationships), "00000000-0000-7000-8000-0000000001ff"]
        )
        rows = [row | {"id": drawn.draw(known, label="id")} if row.pop("named") else row for row in things]
        for row in links:
            ends = {end: drawn.draw(known, label=end) for end in ("source_entity_id", "target_entity_id")}
            of_own = drawn.draw(edges, label="id")
            rows.append(row | ends | ({} if of_own is None else {"id": of_own}))
        content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        self.do(lambda world: world.import_file(self.who, content, mode, all_or_nothing), many=True)


def _said(graph: Snapshot) -> dict[str, dict[str, Any]]:
    """What is said of each thing, wherever it is."""
    rows = {one: json.loads(row) for one, row in graph.rows().items()}
    own = ("version", "created_at", "updated_at")
    return {one: {name: value for name, value in row.items() if name not in own} for one, row in rows.items()}
