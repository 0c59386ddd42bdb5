"""Merges in Postgres: a fixed number of set-based statements, whatever the size of what is merged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from adapters.postgres import graph_merge_sql as sql
from adapters.postgres import graph_undo_sql as undo_sql
from adapters.postgres import json
from adapters.postgres.event_sets import SetRecorder
from adapters.postgres.extraction_cleanup import drop_unsupported
from adapters.postgres.graph_entities import raise_taken
from adapters.postgres.graph_merge_rows import gain_json, merge_of_row
from adapters.postgres.graph_rows import entity_of
from adapters.postgres.statements import DriverConnection
from application.graph.merges import MergeRepository
from application.shared.principal import Principal
from domain.graph.entity import Entity, resolution_keys
from domain.graph.errors import EntityChanged, MergeBuiltUpon, MergeNotFound, MergeSourceGone
from domain.graph.merge import Merge
from domain.graph.relationship import Relationship
from domain.shared.ids import EntityId, MergeId, RelationshipId, UserId


class PostgresMergeRepository(MergeRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection, principal: Principal) -> None:
        self._connection = connection
        self._recorder = SetRecorder(principal=principal)

    async def hold(self, user_id: UserId, entity_ids: Sequence[EntityId]) -> Mapping[EntityId, Entity]:
        rows = await self._connection.fetch(sql.HOLD, user_id, list(entity_ids))
        return {EntityId(row["id"]): entity_of(user_id, row) for row in rows}

    async def carry_out(self, merge: Merge, target: Entity, keys: Sequence[str]) -> Merge:
        run, about = self._connection.execute, (merge.user_id, merge.id)
        among = (*about, merge.target_id, list(merge.source_ids))
        now = merge.merged_at
        await run(sql.PLANNED_FOR_ANYBODY)
        await run(
            sql.ADD,
            *among,
            gain_json(merge.before),
            gain_json(merge.after),
            merge.score,
            list(merge.dropped_aliases),
            list(merge.dropped_metadata),
            now,
            merge.merged_by,
        )
        await self._save_target(target)
        await run(sql.CLOSE_SOURCES, *among, now)
        await run(sql.PLAN_EDGES, *among)
        await run(sql.CLOSE_EDGES, *about, now)
        await run(sql.MOVE_EDGES, *about, now, merge.target_id, list(merge.source_ids))
        await run(sql.PLAN_EVIDENCE, *about)
        evidence = await run(sql.MOVE_EVIDENCE, *about)
        await run(sql.PLAN_MENTIONS, *among)
        mentions = await run(sql.MOVE_MENTIONS, *about)
        moved_keys = await run(sql.MOVE_KEYS, *among, target.content.type, keys)
        await run(sql.TELL_EDGES, *self._recorder.arguments(), merge.id)
        edges = await self._connection.fetchrow(sql.COUNT_EDGES, *about)
        counts = dict(edges.items()) if edges is not None else {}
        counts |= {"evidence": _rows(evidence), "mentions": _rows(mentions), "keys": _rows(moved_keys)}
        await run(sql.COUNT, *about, json.encode(counts))
        return replace(merge, counts=counts)

    async def get(self, user_id: UserId, merge_id: MergeId) -> Merge:
        row = await self._connection.fetchrow(undo_sql.GET, user_id, merge_id)
        if row is None:
            raise MergeNotFound
        return merge_of_row(user_id, row)

    async def undo(self, merge: Merge, target: Entity, by: UserId, now: datetime) -> Sequence[Entity]:
        about = (merge.user_id, merge.id)
        await self._connection.execute(sql.PLANNED_FOR_ANYBODY)
        later = await self._connection.fetchval(undo_sql.LATER, *about)
        if later is not None:
            raise MergeBuiltUpon(f"the later merge {later} changed the same things: undo that one first")
        try:
            back = await self._open_sources(merge, now)
            await self._undo_rows(merge, target, now)
        except asyncpg.UniqueViolationError as error:
            raise_taken(error)
        await self._connection.execute(undo_sql.TELL_EDGES, *self._recorder.arguments(), merge.id)
        await self._connection.execute(undo_sql.CLOSE, *about, now, by)
        return back

    async def drop_unsupported(self, merge: Merge) -> tuple[Sequence[Entity], Sequence[Relationship]]:
        about = (merge.user_id, merge.id)
        entities = await self._connection.fetch(undo_sql.MENTIONED_BEFORE, *about)
        edges = await self._connection.fetch(undo_sql.PROVEN_BEFORE, *about)
        gone = await drop_unsupported(
            self._connection,
            merge.user_id,
            [EntityId(row["id"]) for row in entities],
            [RelationshipId(row["id"]) for row in edges],
        )
        return gone.entities, gone.relationships

    async def _open_sources(self, merge: Merge, now: datetime) -> Sequence[Entity]:
        rows = await self._connection.fetch(
            undo_sql.OPEN_SOURCES, merge.user_id, merge.target_id, list(merge.source_ids), now
        )
        back = {row["id"]: entity_of(merge.user_id, row) for row in rows}
        if len(back) < len(merge.source_ids):
            raise MergeSourceGone
        return [back[source_id] for source_id in merge.source_ids]

    async def _undo_rows(self, merge: Merge, target: Entity, now: datetime) -> None:
        run, about = self._connection.execute, (merge.user_id, merge.id)
        await self._save_target(target)
        await run(undo_sql.MOVE_EDGES_BACK, *about, now)
        for statement in (
            undo_sql.SPLIT_EVIDENCE,
            undo_sql.MOVE_EVIDENCE_BACK,
            undo_sql.SPLIT_MENTIONS,
            undo_sql.MOVE_MENTIONS_BACK,
        ):
            await run(statement, *about)
        await run(undo_sql.MOVE_KEYS_BACK, *about, merge.target_id, resolution_keys(target.content))
        # Last, because it holds the entities at the other ends, which somebody may want to change.
        await run(undo_sql.OPEN_EDGES, *about, now, merge.merged_at)

    async def _save_target(self, target: Entity) -> None:
        content = target.content
        saved = await self._connection.execute(
            sql.SAVE_TARGET,
            target.user_id,
            target.id,
            content.confidence,
            json.encode(content.metadata),
            list(content.aliases),
            target.updated_at,
            target.version,
        )
        if not _rows(saved):
            raise EntityChanged


def _rows(status: str) -> int:
    """How many rows a command said it changed."""
    return int(status.rsplit(" ", 1)[-1])
