"""Merges what a document brought twice, for users who asked for that, from the score they named on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from application.graph.duplicates import (
    LIMIT,
    DuplicateQueries,
    Duplicates,
    DuplicatesWanted,
    DuplicateView,
    FindDuplicates,
)
from application.graph.graph_settings import GraphSettingsQueries, GraphSettingsRepository
from application.graph.hold_to_schema import under_current_schema
from application.graph.merge_entities import carry_out
from application.graph.merges import MergeUnitOfWork
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.merge import merge_of
from domain.shared.errors import InvalidInput
from domain.shared.ids import DocumentId, EntityId, EventId, MergeId

HANDLER: Final = "graph.merge_duplicates"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProcessedNotice:
    """The message that said so, and the document."""

    principal: Principal
    message_id: EventId
    document_id: DocumentId


class AutoMergeUnitOfWork(MergeUnitOfWork, Protocol):
    """One transaction over one user's graph, its merges, and whether they want them."""

    @property
    def graph_settings(self) -> GraphSettingsRepository: ...


class WhenDocumentProcessedMergeDuplicates:
    """Raises `AlreadyHandled` for a message it has handled before. Each merge can be undone by itself."""

    def __init__(
        self,
        start_work: StartWork[AutoMergeUnitOfWork],
        clock: Clock,
        ids: IdGenerator,
        settings: GraphSettingsQueries,
        *,
        find: FindDuplicates,
        queries: DuplicateQueries,
    ) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self._find = find
        self._queries = queries

    async def __call__(self, notice: DocumentProcessedNotice) -> None:
        threshold = (await self._settings.get(notice.principal.user_id)).auto_merge_threshold
        # Looked for outside of the transaction: it takes a while, and what it finds is checked again.
        found = await self._found(notice, threshold) if threshold is not None else None
        wanted = _disjoint(found.rows if found else ())
        while (broken := await under_current_schema(partial(self._merge_all, notice, wanted))) is not None:
            wanted = [proposal for proposal in wanted if proposal is not broken]

    async def _merge_all(
        self, notice: DocumentProcessedNotice, wanted: Sequence[DuplicateView]
    ) -> DuplicateView | None:
        """All of them or none: returns the one that the declared schema does not let become one."""
        async with self._start_work(notice.principal) as work:
            for proposal in wanted:
                try:
                    await self._merge(work, notice.principal, proposal)
                except InvalidInput:
                    return proposal
            work.acknowledge(HANDLER, notice.message_id)
            await work.commit()
        return None

    async def _found(self, notice: DocumentProcessedNotice, threshold: float) -> Duplicates:
        user_id = notice.principal.user_id
        mentioned = await self._queries.mentioned_in(user_id, notice.document_id)
        wanted = DuplicatesWanted(limit=LIMIT, min_score=threshold, entity_ids=mentioned)
        return await self._find(user_id, wanted)

    async def _merge(self, work: AutoMergeUnitOfWork, principal: Principal, proposal: DuplicateView) -> None:
        target_id, source_id = EntityId(proposal.target.id), EntityId(proposal.source.id)
        held = await work.merges.hold(principal.user_id, [target_id, source_id])
        versions = {proposal.target.id: proposal.target.version, proposal.source.id: proposal.source.version}
        if any(held.get(EntityId(i)) is None or held[EntityId(i)].version != v for i, v in versions.items()):
            return  # somebody has changed one meanwhile: what the score was about is not there any more
        merge = merge_of(
            MergeId(self._ids.new()),
            held[target_id],
            [held[source_id]],
            by=principal.actor_id or principal.user_id,
            now=self._clock.now(),
            score=proposal.score,
        )
        await carry_out(work, merge, held)


def _disjoint(proposals: Sequence[DuplicateView]) -> Sequence[DuplicateView]:
    """The surest proposals of which none speaks of an entity that another one speaks of. That A is B and B
    is C says little of A and C: what is left over is scored anew with the next document."""
    taken, chosen = set[object](), []
    for proposal in proposals:
        both = {proposal.target.id, proposal.source.id}
        if not both & taken:
            taken |= both
            chosen.append(proposal)
    return sorted(chosen, key=lambda each: min(each.target.id, each.source.id))
