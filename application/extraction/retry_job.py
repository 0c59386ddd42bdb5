"""Gives the failed and cancelled items of a job another chance."""

from dataclasses import dataclass

from application.extraction.work import ExtractionUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.extraction.errors import JobNotFound, NothingToRetry
from domain.extraction.events import JobQueued, extraction_requested, job_event
from domain.extraction.job import Job
from domain.shared.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJobCommand:
    principal: Principal
    job_id: JobId


class RetryJob:
    """Raises `JobNotFound`, and `NothingToRetry` when no item failed or was cancelled."""

    def __init__(self, start_work: StartWork[ExtractionUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: RetryJobCommand) -> Job:
        now = self._clock.now()
        async with self._start_work(command.principal) as work:
            answer = await work.jobs.retry(command.principal.user_id, command.job_id)
            if answer is None:
                raise JobNotFound
            job, items = answer
            if not items:
                raise NothingToRetry
            work.record(job_event(JobQueued, job, now))
            for item in items:
                work.record(extraction_requested(item, now))
            await work.commit()
        return job
