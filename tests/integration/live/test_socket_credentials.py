"""Sockets opened with keys and tickets, and how they end with what opened them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from websockets.asyncio.client import connect

from application.shared.principal import Principal, Trace
from domain.shared.ids import ApiKeyId, UserId
from domain.shared.scopes import Scope
from tests.contract.systems import IDS, principal
from tests.integration.live.client import Client, connected
from tests.integration.live.servers import LiveServer, Tokens, live_server
from tests.unit.application.live.live_system import event

KEY = ApiKeyId(IDS.new())


@pytest.fixture
async def server() -> AsyncIterator[LiveServer]:
    async with live_server() as server:
        yield server


def key_of(server: LiveServer, user_id: UserId, *scopes: Scope, text: str = "a-key") -> str:
    """A key without end."""
    caller = replace(principal(user_id), api_key_id=KEY, scopes=frozenset(scopes))
    server.tokens.known[text] = (caller, datetime.max.replace(tzinfo=UTC))
    return text


def new_user() -> UserId:
    return UserId(IDS.new())


@contextlib.asynccontextmanager
async def connect_with(server: LiveServer, ticket: str) -> AsyncIterator[Client]:
    url = f"ws://127.0.0.1:{server.port}/api/v1/ws?ticket={ticket}"
    async with connect(url, proxy=None, open_timeout=60) as connection:
        yield Client(connection)


async def test_a_key_without_end_is_asked_for_again_after_a_day(server: LiveServer) -> None:
    async with connected(server) as client:
        reply = await client.ask(type="authenticate", token=key_of(server, new_user(), Scope.READ))
        assert reply["type"] == "authenticated"
        ahead = datetime.fromisoformat(reply["expires_at"]) - datetime.now(UTC)
        assert timedelta(hours=23) < ahead <= timedelta(hours=24)


async def test_a_key_that_may_not_read_hears_nothing(server: LiveServer) -> None:
    async with connected(server) as client:
        await client.say(type="authenticate", token=key_of(server, new_user()))
        assert await client.closed() == 4403
    await server.quiet()


async def test_closes_the_sockets_of_a_key_that_is_revoked(server: LiveServer) -> None:
    ada = new_user()
    held, other = key_of(server, ada, Scope.READ), server.tokens.issue(ada)
    async with connected(server, held) as program, connected(server, other) as person:
        await server.happen(event(ada, "api_key.revoked", subject=KEY))
        assert await program.closed() == 4401
        assert await person.ask(type="ping") == {"type": "pong"}


async def test_a_socket_renewed_with_a_key_ends_with_the_key(server: LiveServer) -> None:
    ada = new_user()
    async with connected(server, server.tokens.issue(ada)) as client:
        reply = await client.ask(type="authenticate", token=key_of(server, ada, Scope.WRITE))
        assert reply["type"] == "authenticated"
        await server.happen(event(ada, "api_key.revoked", subject=KEY))
        assert await client.closed() == 4401


class SlowTokens(Tokens):
    """Tells when it has looked, and answers when it is let."""

    looked: asyncio.Event
    answer: asyncio.Event

    async def socket(self, token: str, trace: Trace) -> Principal:
        found = self(token, trace)
        self.looked.set()
        await self.answer.wait()
        return found


@pytest.mark.parametrize("end", ["api_key.revoked", "user.deactivated", "user.deleted"])
async def test_an_end_announced_during_the_look_up_is_not_missed(end: str) -> None:
    tokens, ada = SlowTokens(), new_user()
    tokens.looked, tokens.answer = asyncio.Event(), asyncio.Event()
    async with live_server(tokens=tokens) as server:
        held = key_of(server, ada, Scope.READ)
        async with connected(server) as client:
            await client.say(type="authenticate", token=held)
            await tokens.looked.wait()
            await server.happen(event(ada, end, subject=KEY if end == "api_key.revoked" else ada))
            await server.announced()
            tokens.answer.set()
            assert await client.closed() == 4401
        await server.quiet()


async def test_a_ticket_opens_a_socket_that_is_authenticated(server: LiveServer) -> None:
    ada = new_user()
    server.tokens.known["ticket-1"] = server.tokens.known[server.tokens.issue(ada)]
    async with connect_with(server, "ticket-1") as client:
        assert (await client.hear())["user_id"] == str(ada)
        reply = await client.ask(type="subscribe", topics=["#"])
        assert reply["type"] == "subscribed"
        renewed = await client.ask(type="authenticate", token=server.tokens.issue(ada))
        assert renewed["type"] == "authenticated"
    async with connect_with(server, "ticket-1") as client:
        assert await client.closed() == 4401


@pytest.mark.parametrize("ticket", ["", "wrong", "x" * 5000, "%00", "%ff", "ticket-1&ticket=ticket-1"])
async def test_a_socket_with_a_wrong_ticket_closes(server: LiveServer, ticket: str) -> None:
    async with connect_with(server, ticket) as client:
        assert await client.closed() == 4401
    await server.quiet()
