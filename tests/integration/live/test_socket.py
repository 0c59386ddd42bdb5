"""The socket as clients see it, over a real connection."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import ConnectionClosed

from adapters.postgres.event_log import PostgresEventLog
from adapters.postgres.provision import Logins
from application.live.subscriber import SubscriberLimits
from domain.shared.ids import SessionId
from tests.contract.systems import IDS, postgres_system
from tests.integration.live.client import connected, reading, status_of_handshake
from tests.integration.live.servers import LiveServer, Tokens, live_server, new_user
from tests.unit.application.live.live_system import event, eventually


@pytest.fixture(params=["own", "stock"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[LiveServer]:
    async with live_server(stock=request.param == "stock") as server:
        yield server


async def test_sends_cloud_events_of_the_topics_asked_for(server: LiveServer) -> None:
    ada, bob = new_user(), new_user()
    async with connected(server, server.tokens.issue(ada)) as client:
        reply = await client.ask(type="subscribe", topics=["job.*", "entity.created"])
        assert reply == {"type": "subscribed", "topics": ["entity.created", "job.*"], "position": 0}
        happened = event(ada, "entity.created", "Zürich")
        await server.happen(event(bob, "entity.created"), event(ada, "entity.deleted"), happened)
        frame = await client.hear()
        assert datetime.fromisoformat(frame.pop("time")) == happened.occurred_at
        assert isinstance(frame.pop("id"), str)
        assert frame == {
            "specversion": "1.0",
            "source": "test",
            "type": "entity.created",
            "subject": str(happened.subject),
            "datacontenttype": "application/json",
            "data": {"word": "Zürich"},
            "position": 3,
            "userid": str(ada),
            "requestid": "request-1",
            "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        }
        await server.happen(event(ada, "job.queued", "next"))
        assert await client.words(1) == ["next"]


async def test_resumes_without_gap_or_repetition(server: LiveServer) -> None:
    ada = new_user()
    async with reading(server, ada) as client:
        await server.happen(*[event(ada, "entity.created", str(n)) for n in range(3)])
        assert await client.words(3) == ["0", "1", "2"]
        position = 3
    await server.happen(*[event(ada, "entity.created", str(n)) for n in range(3, 500)])
    async with reading(server, ada, since=position) as client:
        await server.happen(*[event(ada, "entity.created", str(n)) for n in range(500, 600)])
        assert await client.words(597) == [str(n) for n in range(3, 600)]


async def test_answers_ping_and_goes_quiet_after_unsubscribe(server: LiveServer) -> None:
    ada = new_user()
    async with reading(server, ada) as client:
        await server.happen(event(ada, "entity.created", "a"))
        assert await client.words(1) == ["a"]
        assert await client.ask(type="unsubscribe") == {"type": "unsubscribed", "position": 1}
        await server.happen(event(ada, "entity.created", "b"))
        await server.announced()
        assert await client.ask(type="ping") == {"type": "pong"}


async def test_tells_whose_token_it_is_and_how_long_it_is_good(server: LiveServer) -> None:
    ada = new_user()
    token = server.tokens.issue(ada, lifetime=90)
    async with connected(server) as client:
        reply = await client.ask(type="authenticate", token=token)
        assert reply["user_id"] == str(ada)
        assert datetime.fromisoformat(reply["expires_at"]) == server.tokens.known[token][1]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type":"authenticate","token":"nobody\'s"}', 4401),
        ('{"type":"subscribe","topics":["#"]}', 4401),
        ('{"type":"authenticate"}', 1008),
        ("not JSON", 1008),
        ("[" * 5000, 1008),
        ('{"type":"authenticate","token":"\\ud800"}', 1008),
        ('"text"', 1008),
        (b"{}", 1003),
        ("x" * 20_000, 1009),
        ("x" * 200_000, 1009),
    ],
)
async def test_closes_on_a_first_message_that_is_no_authentication(
    server: LiveServer, message: str | bytes, code: int
) -> None:
    async with connected(server) as client:
        with contextlib.suppress(ConnectionClosed):  # it need not be taken to its end
            await client.connection.send(message)
        assert await client.closed() == code
    await server.quiet()


@pytest.mark.parametrize(
    ("message", "pointer", "code"),
    [
        ({"type": "sing"}, "/type", "invalid"),
        ({"topics": ["#"]}, "/type", "required"),
        ({"type": "subscribe", "topics": ["#"], "since": 1}, "/since", "in_the_future"),
        ({"type": "subscribe", "topics": ["#"], "since": "1"}, "/since", "invalid"),
        ({"type": "subscribe", "topics": ["#"], "since": 10**30}, "/since", "out_of_range"),
        ({"type": "subscribe", "topics": ["#"], "from": 1}, "/from", "unknown_field"),
        ({"type": "subscribe", "topics": ["Ent"]}, "/topics/0", "bad_topic"),
        ({"type": "subscribe", "topics": []}, "/topics", "required"),
        ({"type": "subscribe", "topics": ["a\0"]}, "/topics/0", "nul"),
    ],
)
async def test_refuses_what_it_understands_but_cannot_do_and_goes_on(
    server: LiveServer, message: dict[str, object], pointer: str, code: str
) -> None:
    async with reading(server, ada := new_user()) as client:
        reply = await client.ask(**message)
        assert reply["type"] == "error"
        assert reply["code"] == "invalid-input"
        assert [(error["pointer"], error["code"]) for error in reply["errors"]] == [(pointer, code)]
        await server.happen(event(ada, "entity.created", "still here"))
        assert await client.words(1) == ["still here"]


async def test_renews_without_a_gap(server: LiveServer) -> None:
    ada = new_user()
    token = server.tokens.issue(ada, lifetime=4)
    first_expiry = server.tokens.known[token][1]
    async with connected(server, token) as client:
        assert (await client.hear())["type"] == "token_expiring"
        await client.ask(type="subscribe", topics=["#"])
        reply = await client.ask(type="authenticate", token=server.tokens.issue(ada, lifetime=500))
        assert reply["type"] == "authenticated"
        await eventually(lambda: datetime.now(UTC) > first_expiry + timedelta(milliseconds=50))
        assert await client.ask(type="ping") == {"type": "pong"}
        await server.happen(event(ada, "entity.created", "a"))
        assert await client.words(1) == ["a"]


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        (None, True),
        ("http://127.0.0.1:{port}", True),
        ("https://app.example.org", True),
        ("http://app.example.org", False),
        ("http://127.0.0.1", False),
        ("http://localhost:{port}", False),
        ("https://evil.example.org", False),
        ("null", False),
        ("http://[", False),
        ("http://127.0.0.1:{port}.evil.example.org", False),
    ],
)
async def test_lets_pages_of_known_origins_in_only(origin: str | None, accepted: bool) -> None:
    async with live_server(origins=frozenset({"https://app.example.org"})) as server:
        named = origin.format(port=server.port) if origin else None
        status = await status_of_handshake(server, named)
        assert status == (101 if accepted else 403)


async def test_has_no_other_sockets(server: LiveServer) -> None:
    assert await status_of_handshake(server, None, "/api/v1/nothing") == 404


async def test_sends_a_heartbeat_with_the_position_when_nothing_else_happens() -> None:
    tokens = Tokens()
    token = tokens.issue(new_user())
    async with live_server(heartbeat=0.1, tokens=tokens) as server, connected(server) as client:
        await client.say(type="authenticate", token=token)
        while (await client.hear())["type"] != "authenticated":
            pass
        assert await client.hear() == {"type": "heartbeat"}
        await client.say(type="subscribe", topics=["#"])
        while (await client.hear())["type"] != "subscribed":
            pass
        await server.happen(event(new_user(), "entity.created"))
        await server.announced()
        while (await client.hear())["position"] != 1:
            pass


async def test_serves_a_slow_but_willing_client_everything() -> None:
    ada, count = new_user(), 2000
    limits = SubscriberLimits(frames=20)
    async with live_server(subscribers=limits) as server, reading(server, ada) as client:
        await server.happen(*[event(ada, "entity.created", str(n)) for n in range(count)])
        assert await client.words(count) == [str(n) for n in range(count)]


async def test_reaches_sockets_of_every_process_through_postgres(migrated_database: Logins) -> None:
    async with postgres_system(migrated_database) as system:
        first, second = (PostgresEventLog(system.database, "test", poll=60) for _ in range(2))
        async with (
            live_server(system=system, log=first) as one,
            live_server(system=system, log=second) as two,
        ):
            ada, lost = await system.new_user(), SessionId(IDS.new())
            async with reading(one, ada) as here, reading(two, ada, since=0) as there:
                held = two.tokens.issue(ada, session_id=lost)
                async with connected(two, held) as ending:
                    await one.happen(*[event(ada, "entity.created", str(n)) for n in range(50)])
                    assert await here.words(50) == await there.words(50) == [str(n) for n in range(50)]
                    await one.happen(event(ada, "session.ended", subject=lost))
                    assert await ending.closed() == 4401
