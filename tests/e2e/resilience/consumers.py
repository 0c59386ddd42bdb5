"""Consumers to be killed: always one that works and one that is on its way."""

from tests.e2e.resilience.deployment import Deployment
from tests.servers.process import ServerProcess


class Consumers:
    """The consumers of one deployment, oldest first."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.alive: list[ServerProcess] = []

    def start(self, count: int) -> None:
        self.alive += [self._deployment.consume() for _ in range(count)]

    def working(self) -> ServerProcess | None:
        """The oldest one that has begun to take messages."""
        return next((process for process in self.alive if self._deployment.has_said(process, "consuming")), None)

    def kill_one(self) -> None:
        """Ends that one as a power failure would."""
        process = self.working()
        assert process is not None, "no consumer works"
        process.kill()
        self.alive.remove(process)
