"""Declares what entities or relationships of a type must look like."""

from dataclasses import dataclass, replace

from application.graph.hold_to_schema import Reporter
from application.graph.schema import ReportView, SchemaUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.errors import DeclarationChanged, DeclarationNotFound, SchemaViolated
from domain.graph.schema import (
    Declaration,
    Declared,
    Enforcement,
    EntityType,
    GraphSchema,
    checked_entity_type,
    checked_relationship_type,
    declared_data,
    refuse_invalid,
    with_type,
    without_type,
)
from domain.graph.schema_events import schema_event
from domain.shared.errors import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareTypeCommand:
    """`force` declares what is in the graph breaks, even where the schema is enforced."""

    principal: Principal
    type: str
    declared: Declared
    force: bool = False
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredType:
    """The declaration as it is now; `created`: there was none."""

    schema: GraphSchema
    declaration: Declaration
    report: ReportView
    created: bool


class DeclareType:
    """Raises `InvalidInput`, `DeclarationChanged` and `SchemaViolated`. The same again is no change."""

    def __init__(self, start_work: StartWork[SchemaUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: DeclareTypeCommand) -> DeclaredType:
        now, name = self._clock.now(), command.type
        is_entity = isinstance(command.declared, EntityType)
        async with self._start_work(command.principal) as work:
            before = await work.schema.hold()
            known = _types(before, is_entity).get(name)
            require_version(known, command.expected_version)
            declared = _checked(before, name, command.declared)
            if declared.metadata_schema is not None:
                refuse_invalid("/metadata_schema", work.metadata_schemas.refuse(declared.metadata_schema))
            after = with_type(before, name, declared, now)
            kept = _types(after, is_entity)[name]
            # What is undeclared elsewhere is no matter of this declaration.
            reporter = Reporter(work.schema, work.metadata_schemas)
            types = ([name], []) if is_entity else ([], [name])
            report = await reporter.report(after, *types)
            if after is not before:
                if after.settings.enforcement is Enforcement.ENFORCE and not command.force:
                    refuse_violated(report)
                await work.schema.save(after)
                change = {"kind": kind_of(is_entity), "declared": name, **declared_data(declared)}
                work.record(schema_event(after, change, now))
                await work.commit()
        return DeclaredType(schema=after, declaration=kept, report=report, created=known is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawTypeCommand:
    principal: Principal
    type: str
    is_entity: bool
    expected_version: int | None = None


class WithdrawType:
    """Takes a declaration back; what is in the graph stays. Raises `DeclarationNotFound` and
    `DeclarationChanged`."""

    def __init__(self, start_work: StartWork[SchemaUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: WithdrawTypeCommand) -> None:
        async with self._start_work(command.principal) as work:
            before = await work.schema.hold()
            known = _types(before, command.is_entity).get(command.type)
            if known is None:
                raise DeclarationNotFound
            require_version(known, command.expected_version)
            after = without_type(before, command.type, command.is_entity)
            await work.schema.save(after)
            change = {"kind": kind_of(command.is_entity), "withdrawn": command.type}
            work.record(schema_event(after, change, self._clock.now()))
            await work.commit()


def require_version(known: Declaration | None, expected: int | None) -> None:
    """Raises `DeclarationChanged` unless this is the version the caller has seen, if it named one."""
    if expected is not None and (known is None or known.version != expected):
        raise DeclarationChanged


def refuse_violated(report: ReportView) -> None:
    """Raises `SchemaViolated` when the report tells of violations."""
    if not report.total:
        return
    kinds = {"entity": "entities", "relationship": "relationships"}
    pointed = [
        Violation(pointer=f"/{kinds[v.kind]}/{v.id}{found.pointer}", code=found.code, detail=found.detail)
        for v in report.violators
        for found in v.violations
    ]
    raise SchemaViolated(pointed, report.total, complete=report.complete)


def kind_of(is_entity: bool) -> str:
    """What is declared, in a word."""
    return "entity_type" if is_entity else "relationship_type"


def _types(schema: GraphSchema, is_entity: bool) -> dict[str, Declaration]:
    return dict(schema.entity_types if is_entity else schema.relationship_types)


def _checked(schema: GraphSchema, name: str, declared: Declared) -> Declared:
    if isinstance(declared, EntityType):
        return checked_entity_type(declared)
    kept = checked_relationship_type(schema, name, declared)
    # A symmetric type is its own inverse, said or not.
    return replace(kept, inverse=None) if kept.symmetric else kept
