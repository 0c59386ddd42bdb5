"""Rows of files and of bulk requests, checked by the very rules that single things obey."""

from collections.abc import Mapping
from uuid import UUID

from domain.graph import entity, relationship
from domain.graph.bulk import EndReference, EntityRow, RelationshipRow
from domain.graph.content import EXTERNAL_ID_LENGTH, NAME_LENGTH, SOURCE_LENGTH, TYPE_LENGTH, Members
from domain.graph.entity import EntityContent
from domain.graph.relationship import RelationshipContent
from domain.graph.resolution import resolution_key
from domain.shared.checks import Checks
from domain.shared.errors import InvalidInput, Violation
from domain.shared.ids import EntityId, RelationshipId
from domain.shared.json import JsonObject

ENTITY = "entity"
RELATIONSHIP = "relationship"
KINDS = (ENTITY, RELATIONSHIP)
KEY_LENGTH = 2000

NO_END = EntityId(UUID(int=0))
# Exports say these; a row that is stored gets its own.
TOLD = frozenset(["version", "created_at", "updated_at"])
ENTITY_FIELDS = frozenset([*entity.CONTENT, "kind", "key", "id", "is_active"]) | TOLD
RELATIONSHIP_FIELDS = (
    frozenset(
        [
            *relationship.PLAIN,
            *relationship.ENDS,
            "source_entity",
            "target_entity",
            "kind",
            "id",
            "is_active",
        ]
    )
    | TOLD
)
END_FIELDS = frozenset(["key", "external_id", "source", "name", "type"])


def kind_of(document: JsonObject) -> str:
    """Which kind of row it is. Raises `InvalidInput`."""
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        code = "required" if kind is None else "invalid"
        raise InvalidInput(
            [Violation(pointer="/kind", code=code, detail=f"must be {ENTITY} or {RELATIONSHIP}")]
        )
    return kind


def entity_row(place: int, document: JsonObject) -> EntityRow:
    """Raises `InvalidInput`."""
    checks = Checks()
    _refuse_unknown(document, ENTITY_FIELDS, checks)
    members = Members(document, checks)
    content = EntityContent(
        name=members.text("name"),
        type=members.text("type"),
        confidence=_confidence(members, document),
        source=members.optional_text("source"),
        source_type=members.optional_text("source_type"),
        external_id=members.optional_text("external_id"),
        metadata=_object(members, document),
        aliases=() if document.get("aliases") is None else members.texts("aliases"),
    )
    given = _id(members, document)
    key = checks.optional_text("/key", members.optional_text("key"), longest=KEY_LENGTH)
    is_active = _is_active(document, checks)
    checks.finish()
    return EntityRow(
        place=place,
        content=entity.checked(content),
        id=None if given is None else EntityId(given),
        key=key,
        is_active=is_active,
    )


def relationship_row(place: int, document: JsonObject) -> RelationshipRow:
    """Raises `InvalidInput`."""
    checks = Checks()
    if document.keys() - RELATIONSHIP_FIELDS:
        _refuse_unknown(document, RELATIONSHIP_FIELDS, checks)
    members = Members(document, checks)
    source = _end("source", document, members, checks)
    target = _end("target", document, members, checks)
    content = RelationshipContent(
        source_entity_id=source.id or NO_END,
        target_entity_id=target.id or NO_END,
        relationship_type=members.text("relationship_type"),
        confidence=_confidence(members, document),
        source=members.optional_text("source"),
        source_type=members.optional_text("source_type"),
        external_id=members.optional_text("external_id"),
        metadata=_object(members, document),
    )
    given = _id(members, document)
    is_active = _is_active(document, checks)
    checks.finish()
    return RelationshipRow(
        place=place,
        source=source,
        target=target,
        content=relationship.checked(content),
        id=None if given is None else RelationshipId(given),
        is_active=is_active,
    )


def _end(which: str, document: JsonObject, members: Members, checks: Checks) -> EndReference:
    """`source_entity_id`, or the object `source_entity` with key, external_id (and source), or name and
    type."""
    by_id, named = f"{which}_entity_id", f"{which}_entity"
    described = document.get(named)
    if described is None:
        return EndReference(id=EntityId(members.id(by_id)))
    if document.get(by_id) is not None:
        checks.refuse(f"/{named}", "repeated", f"is given beside {by_id}; give one of them")
        return EndReference()
    if not isinstance(described, Mapping):
        checks.refuse(f"/{named}", "invalid", "must be an object")
        return EndReference()
    inner = Checks()
    _refuse_unknown(described, END_FIELDS, inner)
    found = _described(described, Members(described, inner), inner)
    for broken in inner.violations:
        checks.refuse(f"/{named}{broken.pointer}", broken.code, broken.detail)
    return found


def _described(described: JsonObject, members: Members, checks: Checks) -> EndReference:
    key = checks.optional_text("/key", members.optional_text("key"), longest=KEY_LENGTH)
    external_id = checks.optional_text(
        "/external_id", members.optional_text("external_id"), longest=EXTERNAL_ID_LENGTH
    )
    source = checks.optional_text("/source", members.optional_text("source"), longest=SOURCE_LENGTH)
    if key is not None:
        return EndReference(key=key)
    if external_id is not None:
        return EndReference(external_id=external_id, source=source)
    if "name" not in described:
        checks.refuse("", "required", "must have a key, an external_id, or a name and a type")
        return EndReference()
    name = checks.text("/name", members.text("name"), shortest=1, longest=NAME_LENGTH)
    kind = checks.text("/type", members.text("type"), shortest=1, longest=TYPE_LENGTH)
    if checks.violations:
        return EndReference()
    return EndReference(name_key=resolution_key(name, kind), type=kind)


def _confidence(members: Members, document: JsonObject) -> float:
    return 1.0 if document.get("confidence") is None else members.number("confidence", 1.0)


def _object(members: Members, document: JsonObject) -> JsonObject:
    return {} if document.get("metadata") is None else members.object("metadata")


def _id(members: Members, document: JsonObject) -> UUID | None:
    return None if document.get("id") is None else members.id("id")


def _is_active(document: JsonObject, checks: Checks) -> bool:
    given = document.get("is_active")
    if given is not None and not isinstance(given, bool):
        checks.refuse("/is_active", "invalid", "must be true or false")
    return given is not False


def _refuse_unknown(document: JsonObject, known: frozenset[str], checks: Checks) -> None:
    for name in document.keys() - known:
        step = name.replace("~", "~0").replace("/", "~1")[:200]
        # The name is the file's own: what no text can hold must not get into the report about it.
        step = step.replace("\x00", "?").encode("utf-8", "replace").decode()
        checks.refuse(f"/{step}", "unknown_field", "is not a known field")
