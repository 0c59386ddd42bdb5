"""Rows of the merges as aggregates."""

from asyncpg import Record

from adapters.postgres import json
from domain.graph.merge import Gain, Merge
from domain.shared.ids import EntityId, MergeId, UserId
from domain.shared.json import JsonObject


def gain_json(gain: Gain) -> str:
    """A gain as its column holds it."""
    return json.encode(
        {"confidence": gain.confidence, "metadata": gain.metadata, "aliases": list(gain.aliases)}
    )


def _gain_of(stored: JsonObject) -> Gain:
    return Gain(
        confidence=float(stored["confidence"]),  # type: ignore[arg-type]  # written by `gain_json` alone
        metadata=stored["metadata"],  # type: ignore[arg-type]  # as above
        aliases=tuple(stored["aliases"]),  # type: ignore[arg-type]  # as above
    )


def merge_of_row(user_id: UserId, row: Record) -> Merge:
    """The aggregate of a row with `MERGE_COLUMNS`."""
    return Merge(
        user_id=user_id,
        id=MergeId(row["id"]),
        target_id=EntityId(row["target_id"]),
        source_ids=tuple(EntityId(source_id) for source_id in row["source_ids"]),
        before=_gain_of(json.decode(row["target_before"])),
        after=_gain_of(json.decode(row["target_after"])),
        score=row["score"],
        dropped_aliases=tuple(row["dropped_aliases"]),
        dropped_metadata=tuple(row["dropped_metadata"]),
        counts=json.decode(row["counts"]),
        merged_at=row["merged_at"],
        merged_by=UserId(row["merged_by"]),
        undone_at=row["undone_at"],
        undone_by=None if row["undone_by"] is None else UserId(row["undone_by"]),
    )
