"""What happens to jobs on a graph."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

from domain.graph.job import GraphJob, graph_job_data
from domain.shared.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphJobQueued(DomainEvent):
    type: ClassVar[str] = "graph_job.queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphJobProgressed(DomainEvent):
    type: ClassVar[str] = "graph_job.progressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphJobFinished(DomainEvent):
    """It has ended, one way or another."""

    type: ClassVar[str] = "graph_job.finished"


JobEvent = TypeVar("JobEvent", GraphJobQueued, GraphJobProgressed, GraphJobFinished)


def graph_job_event(kind: type[JobEvent], job: GraphJob, now: datetime) -> JobEvent:
    """An event of the job as it stands."""
    return kind(user_id=job.user_id, subject=job.id, occurred_at=now, data=graph_job_data(job))
