"""Long work on a graph: queued, carried out by a consumer, watched while it runs."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.shared.ids import GraphJobId, UserId
from domain.shared.json import JsonObject, rfc3339


class GraphJobKind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    ANALYTICS = "analytics"


class GraphJobStatus(StrEnum):
    """`partial`: done, but some of the input was refused."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether the job can still change."""
        return self in (GraphJobStatus.QUEUED, GraphJobStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphJob:
    """`done` of `total` steps (None: not known yet), `refused` of them without effect. `attempts` counts
    how often a consumer took it up, `failures` how often it failed there. Times are UTC."""

    id: GraphJobId
    user_id: UserId
    kind: GraphJobKind
    parameters: JsonObject
    created_at: datetime
    status: GraphJobStatus = GraphJobStatus.QUEUED
    total: int | None = None
    done: int = 0
    refused: int = 0
    result: JsonObject | None = None
    error: str | None = None
    attempts: int = 0
    failures: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is."""

    total: int | None
    done: int
    refused: int = 0


# The place, pointer and code of a `RefusedPlace`, in the order in which they are read.
RefusedKey = tuple[int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPlace:
    """What was wrong in one row of the input, counted from 1, whether that kept it from being written or
    not; `pointer` (RFC 6901) leads into the row."""

    place: int
    pointer: str
    code: str
    detail: str

    @property
    def key(self) -> RefusedKey:
        """Tells it from everything else that a job refused."""
        return self.place, self.pointer, self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphJobOutcome:
    """How a job ends; `error` is for people, `result` what it found or made."""

    status: GraphJobStatus
    result: JsonObject = field(default_factory=dict)
    error: str | None = None


def graph_job_data(job: GraphJob) -> JsonObject:
    """The job in JSON values."""
    return {
        "id": str(job.id),
        "kind": str(job.kind),
        "status": str(job.status),
        "parameters": job.parameters,
        "total": job.total,
        "done": job.done,
        "refused": job.refused,
        "result": job.result,
        "error": job.error,
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at) if job.started_at else None,
        "finished_at": rfc3339(job.finished_at) if job.finished_at else None,
    }
