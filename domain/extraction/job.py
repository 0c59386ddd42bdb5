"""A job: documents to be read, each an item with its own fate, and the rules for what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.extraction.left_out import NOTHING, LeftOut
from domain.shared.checks import Checks
from domain.shared.ids import DocumentId, JobId, JobItemId, UserId
from domain.shared.json import Json, JsonObject

ERROR_LENGTH = 500
TYPES = 50
TYPE_LENGTH = 64


class JobStatus(StrEnum):
    """`partial`: some items succeeded, others did not."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ItemStatus(StrEnum):
    """What became of one document."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionOptions:
    """`extractor` None is the configured one; only entities of `types` are kept, all when it is empty."""

    extractor: str | None = None
    types: Sequence[str] = ()
    min_confidence: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`total` items, of which so many ended this way or that; times are UTC."""

    id: JobId
    user_id: UserId
    status: JobStatus
    options: ExtractionOptions
    total: int
    succeeded: int
    failed: int
    cancelled: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        """Whether every item has ended."""
        return self.finished_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItem:
    """`attempts` counts how often a consumer took it up, `failures` how often it failed in its hands.

    `left_out` is what the document says and the declared schema forbids.
    """

    id: JobItemId
    user_id: UserId
    job_id: JobId
    document_id: DocumentId | None
    status: ItemStatus
    attempts: int
    failures: int
    error: str | None
    entities: int
    relationships: int
    left_out: LeftOut = NOTHING
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def final_status(*, total: int, succeeded: int, failed: int, cancelled: int) -> JobStatus | None:
    """What the counts of a job make it, None while items are open. The database counts by the same rule."""
    if succeeded + failed + cancelled < total:
        return None
    if succeeded == total:
        return JobStatus.SUCCEEDED
    if succeeded:
        return JobStatus.PARTIAL
    return JobStatus.CANCELLED if cancelled else JobStatus.FAILED


def checked(options: ExtractionOptions, extractors: Sequence[str]) -> ExtractionOptions:
    """The options as they are kept. Raises `InvalidInput`, for an extractor that is not there too."""
    checks = Checks()
    if options.extractor is not None and options.extractor not in extractors:
        checks.refuse("/extractor", "unknown", f"must be one of {', '.join(extractors)}")
    kept = ExtractionOptions(
        extractor=options.extractor,
        types=checks.texts("/types", options.types, most=TYPES, longest=TYPE_LENGTH),
        min_confidence=float(checks.fraction("/min_confidence", options.min_confidence)),
    )
    checks.finish()
    return kept


def new_job(
    *,
    job_id: JobId,
    user_id: UserId,
    options: ExtractionOptions,
    documents: Mapping[JobItemId, DocumentId],
    now: datetime,
) -> tuple[Job, Sequence[JobItem]]:
    """A queued job with an item for each document."""
    job = Job(
        id=job_id,
        user_id=user_id,
        status=JobStatus.QUEUED,
        options=options,
        total=len(documents),
        succeeded=0,
        failed=0,
        cancelled=0,
        created_at=now,
        started_at=None,
        finished_at=None,
    )
    items = [
        JobItem(
            id=item_id,
            user_id=user_id,
            job_id=job_id,
            document_id=document_id,
            status=ItemStatus.QUEUED,
            attempts=0,
            failures=0,
            error=None,
            entities=0,
            relationships=0,
            created_at=now,
            started_at=None,
            finished_at=None,
        )
        for item_id, document_id in documents.items()
    ]
    return job, items


def options_data(options: ExtractionOptions) -> JsonObject:
    """The options in JSON values."""
    return {
        "extractor": options.extractor,
        "types": list(options.types),
        "min_confidence": options.min_confidence,
    }


def options_of(data: Mapping[str, Json]) -> ExtractionOptions:
    """The options as `options_data` wrote them."""
    extractor, types, floor = data.get("extractor"), data.get("types"), data.get("min_confidence")
    return ExtractionOptions(
        extractor=extractor if isinstance(extractor, str) else None,
        types=tuple(str(t) for t in types) if isinstance(types, Sequence) else (),
        min_confidence=float(floor) if isinstance(floor, int | float) else 0.0,
    )
