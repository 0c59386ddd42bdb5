"""How far an import is, as its job, its outcome and the list of what it refused tell it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from application.graph.file_rows import Batch
from application.graph.imports import ImportState, Phase
from domain.graph.bulk import EntityRow, RowOutcome, RowStatus
from domain.graph.job import GraphJobOutcome, GraphJobStatus, Progress, RefusedPlace
from domain.shared.errors import Violation
from domain.shared.ids import EntityId
from domain.shared.json import JsonObject

DETAIL_LENGTH = 500
REFUSED = "refused"
WARNED = "warned"


def following(
    state: ImportState, batch: Batch, outcomes: Sequence[RowOutcome], *, has_keys: bool
) -> ImportState:
    """The state after a batch; a phase ends with the file."""
    counts = dict(state.counts)
    for outcome in outcomes:
        name = REFUSED if outcome.status is RowStatus.REFUSED else f"{state.phase}_{outcome.status}"
        counts[name] = counts.get(name, 0) + 1
        if outcome.warnings:
            counts[WARNED] = counts.get(WARNED, 0) + 1
    moved = replace(state, place=batch.place, counts=counts, has_keys=state.has_keys or has_keys)
    if not batch.is_last:
        return moved
    phase = Phase.RELATIONSHIPS if state.phase is Phase.ENTITIES else Phase.DONE
    return replace(moved, phase=phase, place=0, total=batch.place)


def keys_of(rows: Sequence[EntityRow], outcomes: Sequence[RowOutcome]) -> Mapping[str, EntityId]:
    """What the file calls its entities, where that is not what they are called here. Rows and outcomes
    are in one order."""
    keys: dict[str, EntityId] = {}
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome.id is None:
            continue
        stored = EntityId(outcome.id)
        if row.key is not None:
            keys.setdefault(row.key, stored)
        if row.id is not None and row.id != stored:
            keys.setdefault(str(row.id), stored)
    return keys


def places_of(outcomes: Sequence[RowOutcome]) -> Sequence[RefusedPlace]:
    """What was wrong, and where."""
    return _places((outcome, outcome.violations) for outcome in outcomes)


def warned_places_of(outcomes: Sequence[RowOutcome]) -> Sequence[RefusedPlace]:
    """What was written although a schema warns of it, and where."""
    return _places((outcome, outcome.warnings) for outcome in outcomes)


def _places(found: Iterable[tuple[RowOutcome, Sequence[Violation]]]) -> Sequence[RefusedPlace]:
    return [
        RefusedPlace(
            place=max(outcome.place, 1),
            pointer=violation.pointer,
            code=violation.code,
            detail=violation.detail[:DETAIL_LENGTH],
        )
        for outcome, violations in found
        for violation in violations
    ]


def progress_of(state: ImportState) -> Progress:
    """Rows that are done with, refused or not, of all there are."""
    done = sum(count for name, count in state.counts.items() if name != WARNED)
    return Progress(total=state.total, done=done, refused=state.counts.get(REFUSED, 0))


def result_of(counts: Mapping[str, int]) -> JsonObject:
    """What became of rows, by kind; `warned` of them were written all the same."""
    changes = [status for status in RowStatus if status is not RowStatus.REFUSED]
    result: dict[str, object] = {
        phase.value: {status.value: counts.get(f"{phase}_{status}", 0) for status in changes}
        for phase in (Phase.ENTITIES, Phase.RELATIONSHIPS)
    }
    return result | {name: counts.get(name, 0) for name in (REFUSED, WARNED)}


def written_in(outcome: GraphJobOutcome) -> int:
    """How many rows had an effect."""
    kinds = [outcome.result.get(phase.value) for phase in (Phase.ENTITIES, Phase.RELATIONSHIPS)]
    return sum(
        int(str(kind.get(status.value, 0)))
        for kind in kinds
        if isinstance(kind, Mapping)
        for status in (RowStatus.CREATED, RowStatus.UPDATED)
    )


def outcome_of(counts: Mapping[str, int]) -> GraphJobOutcome:
    """How an import ends that went through all of its file."""
    status = GraphJobStatus.PARTIAL if counts.get(REFUSED) else GraphJobStatus.SUCCEEDED
    return GraphJobOutcome(status=status, result=result_of(counts))


def nothing_of(refused: int, *, at_least: bool) -> GraphJobOutcome:
    """How an import ends that was to be done in full or not at all, and cannot be in full."""
    told = "at least " if at_least else ""
    return GraphJobOutcome(
        status=GraphJobStatus.FAILED,
        result=result_of({REFUSED: refused}),
        error=f"nothing was imported: {told}{refused:,} row(s) were refused",
    )
