"""Carries out one queued job on a graph: the runner of its kind does the work, this sees to its end."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.graph.jobs import GraphJobRunner, GraphJobUnitOfWork
from application.shared.messages import Rejected, RetryPolicy
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.job import GraphJob, GraphJobKind, GraphJobOutcome, GraphJobStatus
from domain.graph.job_events import GraphJobFinished, graph_job_event
from domain.shared.errors import AccountGone, AlreadyHandled, InvalidInput, KnowledgeGraphError, Unavailable
from domain.shared.ids import EventId, GraphJobId

HANDLER = "graph.run"
ERROR_LENGTH = 500

CONSUMER_DIED = GraphJobOutcome(
    status=GraphJobStatus.FAILED, error="the consumer ended each time it worked on this job"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunGraphJobCommand:
    principal: Principal
    message_id: EventId
    job_id: GraphJobId


class RunGraphJob:
    """Returns when the job has ended, however; raises what the transport should try again after.

    Failures are counted with the job. At the last one `retry` allows, or at once when no retry can help,
    the job ends as failed and the message is done with. An outage (`Unavailable`) is no failure. Raises
    `AlreadyHandled` for a message that was handled before.
    """

    def __init__(
        self,
        start_work: StartWork[GraphJobUnitOfWork],
        clock: Clock,
        retry: RetryPolicy,
        runners: Mapping[GraphJobKind, GraphJobRunner],
    ) -> None:
        self._start_work = start_work
        self._clock = clock
        self._retry = retry
        self._runners = runners

    async def __call__(self, command: RunGraphJobCommand) -> None:
        job = await self._claim(command)
        if job is None:
            return
        try:
            outcome = await self._runners[job.kind](command.principal, job)
        except (AlreadyHandled, AccountGone, Unavailable):
            raise
        except Exception as error:
            if not await self._gave_up(command, error):
                raise
            return
        await self._end(command, outcome)

    async def _claim(self, command: RunGraphJobCommand) -> GraphJob | None:
        """The job to work on. None when there is nothing to do, and that is written down already."""
        async with self._start_work(command.principal) as work:
            job = await work.graph_jobs.claim(command.principal.user_id, command.job_id, self._clock.now())
            if job is None:
                work.acknowledge(HANDLER, command.message_id)
            elif job.attempts > self._retry.deliveries:
                await self._finish(work, command, CONSUMER_DIED)
                job = None
            await work.commit()
        return job

    async def _gave_up(self, command: RunGraphJobCommand, error: Exception) -> bool:
        """Notes the failure; whether it was the last one."""
        what = explained(error)
        async with self._start_work(command.principal) as work:
            failures = await work.graph_jobs.note_failure(command.principal.user_id, command.job_id, what)
            hopeless = isinstance(error, Rejected | InvalidInput)
            last = failures is None or failures >= self._retry.attempts or hopeless
            if last:
                outcome = GraphJobOutcome(status=GraphJobStatus.FAILED, error=what)
                await self._finish(work, command, outcome)
            await work.commit()
        return last

    async def _end(self, command: RunGraphJobCommand, outcome: GraphJobOutcome) -> None:
        async with self._start_work(command.principal) as work:
            await self._finish(work, command, outcome)
            await work.commit()

    async def _finish(
        self, work: GraphJobUnitOfWork, command: RunGraphJobCommand, outcome: GraphJobOutcome
    ) -> None:
        """Ends the job, unless it was ended meanwhile, and the message with it."""
        now = self._clock.now()
        job = await work.graph_jobs.finish(command.principal.user_id, command.job_id, outcome, now)
        if job is not None:
            work.record(graph_job_event(GraphJobFinished, job, now))
        work.acknowledge(HANDLER, command.message_id)


def explained(error: Exception) -> str:
    """What went wrong, for people. What was not meant for them is named by its type alone."""
    if isinstance(error, KnowledgeGraphError | Rejected) and str(error):
        told = str(error)
    else:
        told = f"the job failed unexpectedly ({type(error).__name__})"
    return told.replace("\x00", "").encode("utf-8", "replace").decode()[:ERROR_LENGTH]
