"""Stops a job on the graph: what it has not done yet will not be done."""

from dataclasses import dataclass

from application.graph.jobs import GraphJobUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.graph.errors import GraphJobFinishedAlready
from domain.graph.job import GraphJob, GraphJobOutcome, GraphJobStatus
from domain.graph.job_events import GraphJobFinished, graph_job_event
from domain.shared.ids import GraphJobId


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelGraphJobCommand:
    principal: Principal
    job_id: GraphJobId


class CancelGraphJob:
    """Raises `GraphJobFinishedAlready` for a job that has ended or is not there: ask for it first."""

    def __init__(self, start_work: StartWork[GraphJobUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: CancelGraphJobCommand) -> GraphJob:
        now = self._clock.now()
        async with self._start_work(command.principal) as work:
            outcome = GraphJobOutcome(status=GraphJobStatus.CANCELLED)
            job = await work.graph_jobs.finish(command.principal.user_id, command.job_id, outcome, now)
            if job is None:
                raise GraphJobFinishedAlready
            work.record(graph_job_event(GraphJobFinished, job, now))
            await work.commit()
        return job
