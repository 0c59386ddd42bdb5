"""The live feed for programs without sockets, over a real connection."""

import asyncio
import contextlib
import functools
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import httpx
import pytest

from domain.shared.ids import SessionId, UserId
from tests.contract.systems import IDS
from tests.integration.live.servers import LiveServer, live_server, new_user
from tests.unit.application.live.live_system import event, eventually


@pytest.fixture
async def server() -> AsyncIterator[LiveServer]:
    async with live_server() as server:
        yield server


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """What a browser's EventSource would make of it."""

    id: str
    type: str
    data: str


class Stream:
    """Reads an event stream as the HTML standard says."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.comments = 0
        self.last_id = ""
        self._lines = response.aiter_lines()

    async def hear(self) -> ServerSentEvent | None:
        """The next event, None at the end."""
        fields = {"event": "message", "data": ""}
        async with asyncio.timeout(30):
            async for line in self._lines:
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                else:
                    self.last_id = fields.get("id", self.last_id)
                    if fields["data"]:
                        return ServerSentEvent(self.last_id, fields["event"], fields["data"])
                    fields = {"event": "message", "data": ""}
        return None


def authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@functools.cache
def tls() -> ssl.SSLContext:
    """Never used, but expensive to make for every client."""
    return ssl.create_default_context()


@contextlib.asynccontextmanager
async def streaming(server: LiveServer, token: str, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    async with httpx.AsyncClient(trust_env=False, verify=tls(), timeout=30) as client:
        url = f"{server.url}/events/stream{query}"
        async with client.stream("GET", url, headers=authorization(token) | headers) as response:
            yield Stream(response)


async def get(server: LiveServer, path: str, token: str | None = None, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=tls(), timeout=30) as client:
        return await client.get(
            server.url + path, headers=headers | (authorization(token) if token is not None else {})
        )


async def happen(server: LiveServer, user: UserId, words: Sequence[str]) -> None:
    await server.happen(*[event(user, "entity.created", word) for word in words])
    await server.announced()


async def test_polls_page_by_page(server: LiveServer) -> None:
    ada = new_user()
    token = server.tokens.issue(ada)
    await happen(server, ada, "abc")
    await happen(server, new_user(), "x")
    seen, since, more = [], 0, True
    while more:
        reply = (await get(server, f"/events?since={since}&topics=entity.*&limit=2", token)).json()
        seen += [(cloud["position"], cloud["data"]["word"]) for cloud in reply["data"]]
        since, more = reply["meta"]["position"], reply["meta"]["more"]
        assert reply["meta"]["request_id"]
        assert reply["errors"] == []
    assert seen == [(1, "a"), (2, "b"), (3, "c")]
    assert since == 4


async def test_answers_polls_of_nobody_with_401(server: LiveServer) -> None:
    for path in ("/events", "/events/stream"):
        assert (await get(server, path)).status_code == 401
        assert (await get(server, path, "wrong")).status_code == 401


@pytest.mark.parametrize("path", ["/events", "/events/stream"])
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("since=-1", "/since"),
        ("since=7", "/since"),
        ("since=x", "/since"),
        (f"since={10**30}", "/since"),
        ("topics=Ent", "/topics/0"),
        ("topics=", "/topics"),
        ("until=1", "/until"),
    ],
)
async def test_refuses_bad_parameters(server: LiveServer, path: str, query: str, pointer: str) -> None:
    reply = await get(server, f"{path}?{query}", server.tokens.issue(new_user()))
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


@pytest.mark.parametrize("last", ["x", "-1", "9" * 25, "99", "٣"])
async def test_refuses_a_last_event_id_that_is_no_position(server: LiveServer, last: str) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=tls(), timeout=30) as client:
        headers = [(b"Authorization", f"Bearer {server.tokens.issue(new_user())}".encode())]
        reply = await client.get(
            server.url + "/events/stream", headers=[*headers, (b"Last-Event-ID", last.encode())]
        )
    assert reply.status_code == 422


async def test_streams_what_happens_from_now_on(server: LiveServer) -> None:
    ada = new_user()
    await happen(server, ada, "a")
    async with streaming(server, server.tokens.issue(ada), "?topics=entity.*,job.*") as stream:
        assert stream.response.headers["content-type"] == "text/event-stream"
        assert stream.response.headers["cache-control"] == "no-store"
        await eventually(lambda: len(server.feed) == 1)
        await server.happen(event(ada, "user.updated"), event(ada, "job.queued", "b\nc"))
        heard = await stream.hear()
        assert heard is not None
        assert (heard.id, heard.type) == ("3", "job.queued")
        assert json.loads(heard.data)["data"] == {"word": "b\nc"}
    await server.quiet()


async def test_resumes_after_the_last_event_id_rather_than_since(server: LiveServer) -> None:
    ada = new_user()
    await happen(server, ada, [str(n) for n in range(1, 501)])
    token = server.tokens.issue(ada)
    async with streaming(server, token, "?since=5", **{"Last-Event-ID": "100"}) as stream:
        await happen(server, ada, ["501"])
        ids = [heard.id if (heard := await stream.hear()) else None for _ in range(401)]
    assert ids == [str(n) for n in range(101, 502)]
    async with streaming(server, token, "?since=499") as stream:
        heard = await stream.hear()
        assert heard is not None
        assert heard.id == "500"


async def test_ends_the_stream_with_the_token(server: LiveServer) -> None:
    async with streaming(server, server.tokens.issue(new_user(), lifetime=0.3)) as stream:
        assert await stream.hear() is None
    await server.quiet()


async def test_ends_the_stream_with_the_session(server: LiveServer) -> None:
    ada, lost = new_user(), SessionId(IDS.new())
    async with streaming(server, server.tokens.issue(ada, session_id=lost)) as stream:
        await eventually(lambda: len(server.feed) == 1)
        await server.happen(event(ada, "session.ended", subject=lost))
        assert await stream.hear() is None


async def test_keeps_idle_streams_alive_and_their_position_fresh() -> None:
    async with live_server(heartbeat=0.05) as server:
        ada = new_user()
        async with streaming(server, server.tokens.issue(ada)) as stream:
            await eventually(lambda: len(server.feed) == 1)
            hearing = asyncio.create_task(stream.hear())
            await happen(server, new_user(), "abc")
            await eventually(lambda: stream.comments >= 3 and stream.last_id == "3")
            await happen(server, ada, "d")
            assert await hearing is not None


async def test_ends_streams_and_accepts_none_when_draining(server: LiveServer) -> None:
    token = server.tokens.issue(new_user())
    async with streaming(server, token) as stream:
        await eventually(lambda: len(server.feed) == 1)
        await server.sockets.close_all()
        assert await stream.hear() is None
    assert (await get(server, "/events/stream", token)).status_code == 503


async def test_leaves_nothing_behind_when_readers_come_and_go(server: LiveServer) -> None:
    ada = new_user()
    token = server.tokens.issue(ada)
    async with streaming(server, token):
        pass
    await server.quiet()
    before = len(asyncio.all_tasks())

    async def come_and_go() -> None:
        async with streaming(server, token, "?since=0") as stream:
            await stream.hear()

    await happen(server, ada, "a")
    for _ in range(10):
        await asyncio.gather(*(come_and_go() for _ in range(10)))
    await server.quiet()
    await eventually(lambda: len(asyncio.all_tasks()) <= before)


async def test_documents_every_message_of_the_socket(server: LiveServer) -> None:
    reply = await get(server, "/asyncapi.json")
    assert reply.headers["content-type"] == "application/json"
    document = reply.json()
    assert document["asyncapi"] == "3.0.0"
    assert set(document["components"]["messages"]) == {
        "authenticate", "subscribe", "unsubscribe", "ping", "authenticated", "subscribed", "unsubscribed",
        "pong", "heartbeat", "token_expiring", "error", "event",
    }  # fmt: skip
    for code in (1003, 1008, 1009, 1011, 1012, 1013, 4401, 4403):
        assert f"- {code}: " in document["info"]["description"]
