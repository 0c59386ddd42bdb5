"""Stops a job: what has not ended will not be written."""

from dataclasses import dataclass

from application.extraction.work import ExtractionUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.extraction.errors import JobAlreadyFinished, JobNotFound
from domain.extraction.events import JobFinished, job_event
from domain.extraction.job import Job
from domain.shared.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobCommand:
    principal: Principal
    job_id: JobId


class CancelJob:
    """Raises `JobNotFound`, and `JobAlreadyFinished` when every item has ended."""

    def __init__(self, start_work: StartWork[ExtractionUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: CancelJobCommand) -> Job:
        now = self._clock.now()
        async with self._start_work(command.principal) as work:
            answer = await work.jobs.cancel(command.principal.user_id, command.job_id, now)
            if answer is None:
                raise JobNotFound
            job, cancelled = answer
            if not cancelled:
                raise JobAlreadyFinished
            work.record(job_event(JobFinished, job, now))
            await work.commit()
        return job
