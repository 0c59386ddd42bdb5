"""Chooses whether writes are held to the declared schema."""

from dataclasses import dataclass

from application.graph.declare_type import refuse_violated
from application.graph.hold_to_schema import Reporter
from application.graph.schema import ReportView, SchemaSettingsView, SchemaUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.errors import DeclarationChanged
from domain.graph.schema import Enforcement, SchemaSettings, UndeclaredTypes, with_settings
from domain.graph.schema_events import schema_event


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSchemaSettingsCommand:
    """`force` enforces what is in the graph breaks."""

    principal: Principal
    enforcement: Enforcement
    undeclared_types: UndeclaredTypes
    force: bool = False
    expected_version: int | None = None


class ChangeSchemaSettings:
    """Raises `DeclarationChanged` and `SchemaViolated`. The same again is no change."""

    def __init__(self, start_work: StartWork[SchemaUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: ChangeSchemaSettingsCommand) -> SchemaSettingsView:
        wanted = SchemaSettings(enforcement=command.enforcement, undeclared_types=command.undeclared_types)
        async with self._start_work(command.principal) as work:
            before = await work.schema.hold()
            if command.expected_version not in (None, before.settings.version):
                raise DeclarationChanged
            after = with_settings(before, wanted)
            # Undeclared types are everywhere; only what is declared needs to be looked for.
            everything = wanted.undeclared_types is UndeclaredTypes.REFUSE
            report = await Reporter(work.schema, work.metadata_schemas).report(
                after,
                None if everything else list(after.entity_types),
                None if everything else list(after.relationship_types),
            )
            if after is not before:
                if wanted.enforcement is Enforcement.ENFORCE and not command.force:
                    refuse_violated(report)
                await work.schema.save(after)
                chosen = {
                    "enforcement": str(wanted.enforcement),
                    "undeclared_types": str(wanted.undeclared_types),
                }
                work.record(schema_event(after, {"settings": chosen}, self._clock.now()))
                await work.commit()
        return settings_view(after.settings, report)


def settings_view(settings: SchemaSettings, report: ReportView | None = None) -> SchemaSettingsView:
    """The settings as callers see them."""
    return SchemaSettingsView(
        enforcement=str(settings.enforcement),
        undeclared_types=str(settings.undeclared_types),
        version=settings.version,
        report=report,
    )
