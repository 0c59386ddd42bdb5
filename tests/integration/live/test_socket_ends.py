"""How sockets end: for whom, with which code, and with nothing left behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from websockets.exceptions import ConnectionClosed

from adapters.memory.event_log import InMemoryEventLog
from application.live.subscriber import SubscriberLimits
from application.shared.messages import Message
from domain.shared.errors import Unavailable
from domain.shared.ids import SessionId, UserId
from entrypoints.http.hypercorn_protocol.state import Limits
from entrypoints.websocket.session import SocketLimits
from tests.contract.systems import IDS, MemorySystem
from tests.integration.live.client import Client, connected, reading, status_of_handshake
from tests.integration.live.servers import LiveServer, live_server, new_user
from tests.unit.application.live.live_system import event, eventually


@pytest.fixture(params=["own", "stock"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[LiveServer]:
    async with live_server(stock=request.param == "stock") as server:
        yield server


async def test_loses_patience_with_a_client_that_only_errs(server: LiveServer) -> None:
    async with reading(server, new_user()) as client:
        for _ in range(11):
            await client.say(type="sing")
        assert await client.closed() == 1008


async def test_closes_when_a_client_asks_without_end() -> None:
    async with live_server(limits=SocketLimits(messages=5)) as server:
        async with reading(server, new_user()) as client:
            for _ in range(4):  # after two others: the last one is too many, and whoever sent more might not
                await client.say(type="ping")
            assert await client.closed() == 1008
        await server.quiet()


async def test_closes_when_the_token_expires(server: LiveServer) -> None:
    # Long enough to get in with it, and to be warned.
    async with connected(server, server.tokens.issue(new_user(), lifetime=3)) as client:
        assert (await client.hear())["type"] == "token_expiring"
        assert await client.closed() == 4401
    await server.quiet()


async def test_closes_when_a_fresh_token_is_another_accounts(server: LiveServer) -> None:
    async with connected(server, server.tokens.issue(new_user())) as client:
        await client.say(type="authenticate", token=server.tokens.issue(new_user()))
        assert await client.closed() == 4403


async def test_closes_when_a_fresh_token_is_not_valid_or_out_of_date(server: LiveServer) -> None:
    ada = new_user()
    for token in ("wrong", server.tokens.issue(ada, lifetime=-1)):
        async with connected(server, server.tokens.issue(ada)) as client:
            await client.say(type="authenticate", token=token)
            assert await client.closed() == 4401


async def test_closes_the_sockets_of_a_session_that_ends(server: LiveServer) -> None:
    ada, lost = new_user(), SessionId(IDS.new())
    held = server.tokens.issue(ada, session_id=lost)
    async with connected(server, held) as silent, reading(server, ada) as other:
        await server.happen(event(ada, "session.ended", "bye", subject=lost))
        assert await silent.closed() == 4401
        assert await other.words(1) == ["bye"]


class Broken(InMemoryEventLog):
    """A log without history."""

    error: Exception = Unavailable("away")

    async def since(self, user_id: UserId, position: int, limit: int) -> Sequence[Message]:
        raise self.error


@pytest.mark.parametrize(("error", "code"), [(Unavailable("away"), 1013), (ValueError("a defect"), 1011)])
async def test_says_whether_to_come_back_when_history_cannot_be_read(error: Exception, code: int) -> None:
    ada, system = new_user(), MemorySystem()
    log = Broken(system.store, "test")
    log.error = error
    async with live_server(system=system, log=log) as server:
        await server.happen(event(ada, "entity.created"))
        await server.announced()
        async with reading(server, ada, since=0) as client:
            assert await client.closed() == code
        await server.quiet()


async def test_closes_when_nobody_authenticates_in_time() -> None:
    async with live_server(limits=SocketLimits(authenticate_within=0.2)) as server:
        async with connected(server) as client:
            assert await client.closed() == 4401
        await server.quiet()


async def test_drops_a_client_that_takes_nothing_and_lets_it_resume() -> None:
    ada, count = new_user(), 3000
    # Patience with a loaded machine, too, and with a client that reads what it was sent before it hears why.
    limits, http = SocketLimits(patience=3), Limits(websocket_close_seconds=60)
    async with live_server(limits=limits, http=http, subscribers=SubscriberLimits(frames=50)) as server:
        async with reading(server, ada) as slow:
            slow.connection.transport.pause_reading()
            await server.happen(*[event(ada, "entity.created", "x" * 10_000) for _ in range(count)])
            await eventually(lambda: len(server.sockets) == 0, within=60)
            assert len(server.feed) == 0
            slow.connection.transport.resume_reading()
            position, code = 0, 0
            while not code:
                try:
                    position = (await slow.hear())["position"]
                except ConnectionClosed:
                    code = await slow.closed()
            assert code == 1013
            assert 0 < position < count
        async with reading(server, ada, since=position) as again:
            assert len(await again.words(count - position)) == count - position


async def test_leaves_nothing_behind_when_clients_come_and_go(server: LiveServer) -> None:
    ada = new_user()
    async with reading(server, ada):
        pass
    await server.quiet()
    before = len(asyncio.all_tasks())

    async def come_and_go(number: int) -> None:
        async with server.connect() as connection:
            client = Client(connection)
            if number % 4:
                await client.ask(type="authenticate", token=server.tokens.issue(ada))
            if number % 4 > 1:
                await client.ask(type="subscribe", topics=["#"])
            if number % 4 > 2:
                connection.transport.abort()

    for start in range(0, 200, 20):
        await asyncio.gather(*(come_and_go(start + place) for place in range(20)))
    await server.quiet()
    await eventually(lambda: len(asyncio.all_tasks()) <= before)


async def test_draining_closes_every_socket_with_1012_and_lets_no_new_one_in() -> None:
    async with live_server() as server:
        ada = new_user()
        async with connected(server) as stranger, reading(server, ada) as reader:
            closing = asyncio.create_task(server.sockets.close_all())
            assert [await client.closed() for client in (stranger, reader)] == [1012, 1012]
            await asyncio.wait_for(closing, 30)
        assert await status_of_handshake(server, None) == 503


async def test_stopping_the_server_closes_sockets_with_1012() -> None:
    async with live_server() as server, reading(server, new_user()) as client:
        server.stop.set()
        assert await client.closed() == 1012
        await asyncio.wait_for(asyncio.shield(server.served), 20)  # well before the grace time is over
