"""Has something about the whole graph computed: queues a job for it."""

from dataclasses import dataclass

from application.graph.jobs import GraphJobUnitOfWork, queue
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.graph.analytics import (
    AnalyticsKind,
    AnalyticsParameters,
    checked_parameters,
    parameters_data,
)
from domain.graph.job import GraphJob, GraphJobKind
from domain.shared.ids import GraphJobId


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnalyticsCommand:
    principal: Principal
    kind: AnalyticsKind
    parameters: AnalyticsParameters


class RequestAnalytics:
    """Raises `InvalidInput` and `AccountGone`."""

    def __init__(self, start_work: StartWork[GraphJobUnitOfWork], clock: Clock, ids: IdGenerator) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: RequestAnalyticsCommand) -> GraphJob:
        parameters = checked_parameters(command.parameters)
        job = GraphJob(
            id=GraphJobId(self._ids.new()),
            user_id=command.principal.user_id,
            kind=GraphJobKind.ANALYTICS,
            parameters={"kind": str(command.kind), **parameters_data(command.kind, parameters)},
            created_at=self._clock.now(),
        )
        async with self._start_work(command.principal) as work:
            await queue(work, job)
            await work.commit()
        return job
