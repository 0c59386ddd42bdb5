"""What a document says and the declared schema keeps out of the graph, told in few words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from domain.shared.errors import Violation

# An extractor may make up any number of types: the commonest reasons tell enough.
REASONS = 50

Kind = Literal["entity", "relationship"]
# The type of something, and what is wrong with it.
Broken = tuple[str, Sequence[Violation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutReason:
    """Why so many things of one type were left out; `pointer` (RFC 6901) leads into each."""

    kind: Kind
    type: str
    pointer: str
    code: str
    detail: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How much was left out, and the commonest reasons, at most 50. A thing may have several."""

    entities: int = 0
    relationships: int = 0
    reasons: tuple[LeftOutReason, ...] = ()


NOTHING = LeftOut()


def left_out(entities: Sequence[Broken], relationships: Sequence[Broken]) -> LeftOut:
    """What is told of these."""
    kinds: Sequence[tuple[Kind, Sequence[Broken]]] = (
        ("entity", entities),
        ("relationship", relationships),
    )
    counts = Counter(
        (kind, name, violation.pointer, violation.code, violation.detail)
        for kind, things in kinds
        for name, violations in things
        for violation in violations
    )
    return LeftOut(
        entities=len(entities),
        relationships=len(relationships),
        reasons=tuple(
            LeftOutReason(kind=kind, type=name, pointer=pointer, code=code, detail=detail, count=count)
            for (kind, name, pointer, code, detail), count in counts.most_common(REASONS)
        ),
    )


def ends_left_out(*, source: bool, target: bool) -> Sequence[Violation]:
    """What is wrong with a relationship whose ends, one or both, are left out."""
    return [
        Violation(pointer=pointer, code="end_left_out", detail="this end is left out")
        for pointer, is_out in (("/source_entity_id", source), ("/target_entity_id", target))
        if is_out
    ]
