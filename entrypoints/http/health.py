"""Liveness that touches no dependency, readiness that names each one, and fails first on shutdown."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from domain.shared.errors import KnowledgeGraphError
from entrypoints.http.operation import Call, Handler, NoQuery, Operation, Reply
from entrypoints.http.rate_limits import LimitClass

Check = Callable[[], Awaitable[Sequence[str]]]
_SECONDS = 3.0


class HealthView(msgspec.Struct):
    """The process is alive."""

    status: str


class DependencyView(msgspec.Struct, kw_only=True):
    """One dependency: `latency_ms` of its check, `problems` in sentences."""

    status: str
    latency_ms: float
    problems: list[str] = []


class ReadinessView(msgspec.Struct):
    """Whether this process should be sent requests."""

    status: str
    dependencies: dict[str, DependencyView]


@dataclass(slots=True)
class Readiness:
    """The checks of a process, by dependency; `draining` once it has been told to stop.

    A check returns what is wrong, in sentences, and may raise domain errors.
    """

    checks: Mapping[str, Check]
    draining: bool = field(default=False)

    def drain(self) -> None:
        """From now on not ready, whatever the dependencies say."""
        self.draining = True

    async def view(self) -> ReadinessView:
        """All checks at once, each given three seconds."""
        results = await asyncio.gather(*(self._one(check) for check in self.checks.values()))
        found = dict(zip(self.checks, results, strict=True))
        if self.draining:
            return ReadinessView("draining", found)
        ready = all(dependency.status == "up" for dependency in found.values())
        return ReadinessView("ready" if ready else "unavailable", found)

    async def _one(self, check: Check) -> DependencyView:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(_SECONDS):
                problems = list(await check())
        except KnowledgeGraphError as error:
            problems = [error.detail]
        except TimeoutError:
            problems = [f"did not answer within {_SECONDS:g} seconds"]
        latency = round((time.perf_counter() - begun) * 1000, 2)
        return DependencyView(status="down" if problems else "up", latency_ms=latency, problems=problems)


def operations(readiness: Readiness) -> Sequence[Operation[Any, Any]]:
    """`/health`, `/health/live`, `/health/ready`: outside the API's prefix and envelope."""

    async def live(_: Call[None, NoQuery]) -> Reply:
        return Reply(raw=b'{"status":"healthy"}')

    async def ready(_: Call[None, NoQuery]) -> Reply:
        view = await readiness.view()
        return Reply(raw=msgspec.json.encode(view), status=200 if view.status == "ready" else 503)

    def health(
        path: str, handler: Handler[None, NoQuery], summary: str, reply: Any
    ) -> Operation[None, NoQuery]:
        return Operation(
            method="GET",
            path=path,
            handler=handler,
            summary=summary,
            tag="operations",
            permission=None,
            limit=LimitClass.EXEMPT,
            reply=reply,
            raw_reply=True,
            prefix="",
            statuses={503: "A dependency is down, or the process is stopping."} if handler is ready else {},
        )

    return [
        health("/health", live, "Is the process alive?", HealthView),
        health("/health/live", live, "Is the process alive?", HealthView),
        health("/health/ready", ready, "Can it serve requests now?", ReadinessView),
    ]
