"""What is announced when somebody changes what they declared about their graph."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.graph.schema import GraphSchema
from domain.shared.events import DomainEvent
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSchemaChanged(DomainEvent):
    """The schema of the whole graph is its subject, under the id of its owner."""

    type: ClassVar[str] = "graph_schema.changed"


def schema_event(schema: GraphSchema, change: JsonObject, now: datetime) -> GraphSchemaChanged:
    """The event of a schema's last change; `change` says what it was."""
    return GraphSchemaChanged(
        user_id=schema.user_id,
        subject=schema.user_id,
        occurred_at=now,
        data={"version": schema.version, **change},
    )
