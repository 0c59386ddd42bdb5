"""What breaks a declared schema: one set of rules for single writes, imports and reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.graph.schema import GraphSchema, UndeclaredTypes
from domain.shared.errors import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a relationship stands: the types of its ends (None: not there), and whether others of its type
    are at its source, at its target, or the other way round between the two."""

    source_type: str | None
    target_type: str | None
    outgoing: bool = False
    incoming: bool = False
    reverse: bool = False


def entity_violations(schema: GraphSchema, type_name: str) -> list[Violation]:
    """What is wrong with an entity, but for its metadata."""
    if schema.entity_type(type_name) is None and schema.settings.undeclared_types is UndeclaredTypes.REFUSE:
        return [_undeclared("/type", type_name)]
    return []


def relationship_violations(schema: GraphSchema, type_name: str, around: Surroundings) -> list[Violation]:
    """What is wrong with a relationship, but for its metadata."""
    declared = schema.relationship_type(type_name)
    if declared is None:
        refused = schema.settings.undeclared_types is UndeclaredTypes.REFUSE
        return [_undeclared("/relationship_type", type_name)] if refused else []
    found = []
    for pointer, allowed, present in (
        ("/source_entity_id", declared.source_types, around.source_type),
        ("/target_entity_id", declared.target_types, around.target_type),
    ):
        if allowed and present is not None and present not in allowed:
            detail = f"{present!r} is no type for this end of {type_name!r}"
            found.append(Violation(pointer=pointer, code="end_type", detail=detail))
    if declared.symmetric and around.reverse:
        detail = f"{type_name!r} holds both ways, and is there the other way round"
        found.append(Violation(pointer="/relationship_type", code="mirrored", detail=detail))
    one_target = declared.cardinality.one_target
    if one_target and around.outgoing:
        detail = f"has a relationship {type_name!r} already, and may have one"
        found.append(Violation(pointer="/source_entity_id", code="cardinality", detail=detail))
    if declared.cardinality.one_source and around.incoming:
        detail = f"is reached by a relationship {type_name!r} already, and may be by one"
        found.append(Violation(pointer="/target_entity_id", code="cardinality", detail=detail))
    return found


def closed_ends(schema: GraphSchema, entity_type: str) -> Mapping[str, Sequence[str]]:
    """The declared relationship types at whose `source` and `target` an entity of this type may not be."""
    relations = schema.relations.items()
    return {
        "source": [name for name, d in relations if d.source_types and entity_type not in d.source_types],
        "target": [name for name, d in relations if d.target_types and entity_type not in d.target_types],
    }


def _undeclared(pointer: str, type_name: str) -> Violation:
    return Violation(pointer=pointer, code="undeclared_type", detail=f"{type_name!r} is not declared")
