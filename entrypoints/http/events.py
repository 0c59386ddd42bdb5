"""The live feed for programs without sockets: polling, and Server-Sent Events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec

from application.live.bell import Bell
from application.live.errors import FeedClosed
from application.live.feed import Feed
from application.live.interest import checked_topics, resumed_at
from application.live.ports import EventLog
from application.live.read_events import ReadEvents, ReadEventsCommand
from application.live.subscriber import Frame, Subscriber
from application.shared.permissions import Permission
from application.shared.ports import Clock
from domain.shared.errors import AccessRefused, InvalidInput, Unavailable, Violation
from entrypoints.http.operation import Call, Operation, Reply
from entrypoints.websocket.admission import AuthenticateSocket, admitted, ends_at
from entrypoints.websocket.cloudevent import CloudEvent, cloud_event

EVERYTHING = ("#",)
BURST = 100
RECONNECT_AFTER = b"retry: 2000\n\n"


class EventsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`since` is a position to read on after, `topics` patterns such as `entity.*`."""

    since: int = 0
    topics: tuple[str, ...] = EVERYTHING
    limit: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": 200})] = 50


class EventStreamQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Without `since` the stream begins now; `Last-Event-ID`, which browsers send, goes before it."""

    since: int | None = None
    topics: tuple[str, ...] = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOverHttp:
    """What the two operations need. `heartbeat` is in seconds."""

    log: EventLog
    feed: Feed
    authenticate: AuthenticateSocket
    clock: Clock
    heartbeat: float = 20.0

    async def poll(self, call: Call[Any, EventsQuery]) -> Reply:
        """Answers `GET /events`."""
        query = call.query
        page = await ReadEvents(self.log, self.feed)(
            ReadEventsCommand(
                principal=call.principal, since=query.since, topics=query.topics, limit=query.limit
            )
        )
        meta = {"position": page.position, "more": page.more}
        return Reply(data=[cloud_event(message) for message in page.events], meta=meta)

    async def stream(self, call: Call[Any, EventStreamQuery]) -> Reply:
        """Answers `GET /events/stream`. All that can be refused is refused before the stream begins."""
        topics = checked_topics(call.query.topics)
        since = resume_after(call)
        if not self.feed.open:
            raise FeedClosed
        if since is not None:
            await resumed_at(since, self.feed.position, self.log)
        return Reply(
            stream=self._events(call, topics, since),
            media_type="text/event-stream",
            # The second is for nginx, which else holds back what it proxies.
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(
        self, call: Call[Any, EventStreamQuery], topics: tuple[str, ...], since: int | None
    ) -> AsyncIterator[bytes]:
        # The token once more, for its expiry: it is the one the dispatcher has just accepted.
        token = call.request.headers["Authorization"].partition(" ")[2].strip()
        bell = Bell()
        try:
            principal = await admitted(self.authenticate, token, call.trace, self.feed)
            reader = self.feed.join(principal, bell.ring)
        except (AccessRefused, Unavailable):  # since then; the next request is told
            yield RECONNECT_AFTER
            return
        try:
            with contextlib.suppress(Unavailable):  # the client comes back to where it was
                position = await reader.follow(topics, since)
                yield RECONNECT_AFTER + heartbeat(position)
                async for chunk in self._follow(reader, bell, ends_at(principal, self.clock.now())):
                    yield chunk
        finally:
            self.feed.leave(reader)

    async def _follow(self, reader: Subscriber, bell: Bell, expires_at: datetime) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + (expires_at - self.clock.now()).total_seconds()
        beat = loop.time() + self.heartbeat
        while reader.ending is None and loop.time() < end:
            if frames := await reader.take(BURST):
                yield b"".join(map(server_sent, frames))
                beat = loop.time() + self.heartbeat
            elif loop.time() >= beat:
                yield heartbeat(reader.position)
                beat = loop.time() + self.heartbeat
            elif reader.idle:
                await bell.wait(min(end, beat))


def resume_after(call: Call[Any, EventStreamQuery]) -> int | None:
    """Where the client has got to. Raises `InvalidInput` for a `Last-Event-ID` that is no position."""
    last = call.request.headers.get("Last-Event-ID", "")
    if not last:
        return call.query.since
    if not (last.isascii() and last.isdecimal()) or len(last) > 19:
        detail = "is not a position"
        raise InvalidInput([Violation(pointer="/Last-Event-ID", code="bad_position", detail=detail)])
    return int(last)


def server_sent(frame: Frame) -> bytes:
    """One event of the stream; the CloudEvent is one line of JSON."""
    return f"id: {frame.position}\nevent: {frame.type}\ndata: {frame.text}\n\n".encode()


def heartbeat(position: int) -> bytes:
    """A comment, which clients do not see, and an id, after which they would resume."""
    return f": heartbeat\nid: {position}\n\n".encode()


def operations(live: LiveOverHttp) -> Sequence[Operation[Any, Any]]:
    """The live feed over plain HTTP."""
    return [
        Operation(
            method="GET",
            path="/events",
            handler=live.poll,
            summary="Read events by polling",
            tag="live",
            permission=Permission.EVENTS_READ,
            query=EventsQuery,
            reply=list[CloudEvent],
            description="The caller's events in order, as CloudEvents. `meta.position` is the next `since`; "
            "with `meta.more` there is more to read at once. Events of the last moments come with the next "
            "reading. A `since` after which events are no longer kept is refused (`no_longer_kept`); 0 asks "
            "for whatever is kept.",
        ),
        Operation(
            method="GET",
            path="/events/stream",
            handler=live.stream,
            summary="Read events as they happen (Server-Sent Events)",
            tag="live",
            permission=Permission.EVENTS_READ,
            query=EventStreamQuery,
            produces="text/event-stream",
            description="`data` is a CloudEvent, `event` its type, `id` its position. The stream ends with "
            "the token; resume with `Last-Event-ID` or `since`. Idle streams carry comments. A position "
            "after which events are no longer kept is refused.",
        ),
    ]
