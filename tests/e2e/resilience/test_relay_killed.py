"""The leading relay is killed while events stream: another one goes on, and no reader notices."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect

from tests.e2e.resilience.conftest import Deploy
from tests.e2e.resilience.consumers import Consumers, consumers_of
from tests.e2e.resilience.corpus import stream
from tests.e2e.resilience.deployment import Deployment
from tests.e2e.resilience.ingestion import Ingestion, has_taken, ingest
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually
from tests.e2e.resilience.transport import WorkTransport

KILLS = 5

Frame = tuple[int, str, str]


@asynccontextmanager
async def frames_of_a_socket(deployment: Deployment) -> AsyncIterator[list[Frame]]:
    """Position, id and type of every event on a socket that stays open, in the order they arrive."""
    frames: list[Frame] = []
    address = f"ws://127.0.0.1:{deployment.port}/api/v1/ws"
    async with connect(address, proxy=None, max_size=1 << 24) as socket:
        token = deployment.headers["Authorization"].removeprefix("Bearer ")
        await socket.send(json.dumps({"type": "authenticate", "token": token}))
        assert json.loads(await socket.recv())["type"] == "authenticated"
        await socket.send(json.dumps({"type": "subscribe", "topics": ["#"]}))
        assert json.loads(await socket.recv())["type"] == "subscribed"

        async def read() -> None:
            async for raw in socket:
                told = json.loads(raw)
                if "specversion" in told:
                    frames.append((told["position"], told["id"], told["type"]))

        reading = asyncio.create_task(read())
        try:
            yield frames
            assert not reading.done(), "the socket was closed"
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_every_event_arrives_once_and_in_order_through_the_deaths_of_its_relays(
    deploy: Deploy, ledger: Ledger, transport: WorkTransport
) -> None:
    # What is waited for without the event loop comes before the socket, whose client must answer pings.
    async with deploy(**transport.environment) as deployment:
        with consumers_of(deployment) as consumers:
            await told_once_and_in_order(deployment, consumers, ledger)


async def told_once_and_in_order(deployment: Deployment, consumers: Consumers, ledger: Ledger) -> None:
    given = Ingestion()
    async with (
        # Before any relay runs: every event there will ever be, the registration's too, is still to come.
        frames_of_a_socket(deployment) as frames,
        asyncio.TaskGroup() as group,
    ):
        ingesting = group.create_task(ingest(deployment, stream(5), given, senders=2, pause=0.05))
        consumers.start()
        consumers.start()
        for kill in range(1, KILLS + 1):
            leads = f"a leader before kill {kill}:\n{deployment.logs()}"
            await eventually(lambda: consumers.that_said("relay_leads") is not None, leads)
            await eventually(has_grown(frames), f"events before kill {kill}", poll=0.001)
            leader = consumers.that_said("relay_leads")
            assert leader is not None
            consumers.kill(leader)
            consumers.start()
        await eventually(has_taken(given, 1), "one document more")
        given.enough = True
        await ingesting  # each sender is about to send one more
        await eventually(
            lambda: has_ended(ledger, given),
            f"every document to be processed:\n{deployment.logs()}",
            poll=0.1,
        )
        recorded = await ledger.rows(
            "select position, id::text, type from backend_operations.events order by position"
        )
        await eventually(lambda: len(frames) >= len(recorded), "the last frames")

        assert frames == recorded
        assert [position for position, *_ in frames] == list(range(1, len(recorded) + 1))
        assert await ledger.unsound() == {}


def has_grown(frames: list[Frame]) -> Callable[[], bool]:
    """Whether, from now on, another one has arrived."""
    seen = len(frames)
    return lambda: len(frames) > seen


async def has_ended(ledger: Ledger, given: Ingestion) -> bool:
    """Whether everything acknowledged is processed, and nothing more is on its way."""
    done = await ledger.number("select count(*) from backend_documents.documents where status = 'processed'")
    return done >= len(given.acknowledged) and await ledger.is_idle()
