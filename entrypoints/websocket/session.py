"""One socket from its first message to its last: what the client asks, and what it is sent, in one task."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from structlog.contextvars import bind_contextvars

from application.live.bell import Bell
from application.live.errors import FeedClosed, TooManySubscribers
from application.live.feed import Feed
from application.live.interest import checked_topics
from application.live.subscriber import Ending, Subscriber
from application.shared.ports import Clock
from application.shared.principal import Principal, Trace
from application.shared.refusals import RefusalRecorder
from domain.shared.errors import InvalidInput, NotAuthenticated, NotPermitted, Unavailable
from entrypoints.http.errors import BadRequest
from entrypoints.websocket import protocol
from entrypoints.websocket.admission import AuthenticateSocket, admitted, ends_at, nobody
from entrypoints.websocket.protocol import CloseCode
from entrypoints.websocket.refusals import note

log = structlog.get_logger()


class Channel(Protocol):
    """A socket that has been accepted."""

    async def receive(self) -> str | bytes: ...

    async def send(self, text: str) -> None:
        """Returns when the client's connection has room for more."""
        ...

    async def close(self, code: int, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Seconds, but for the last four.

    `patience` is how long a client may take no data at all; `burst` how many events go out between two looks
    at what it asks; `refusals` how many messages in a row may be refused; `messages` how many may come in a
    minute.
    """

    authenticate_within: float = 10.0
    warn_before_expiry: float = 60.0
    heartbeat: float = 20.0
    patience: float = 10.0
    message_characters: int = 16 * 1024
    burst: int = 100
    refusals: int = 10
    messages: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketServices:
    """What every socket of a process shares."""

    feed: Feed
    authenticate: AuthenticateSocket
    clock: Clock
    limits: SocketLimits
    take_ticket: AuthenticateSocket = nobody
    refusals: RefusalRecorder | None = None


class Closing(Exception):
    """The conversation is over, for this reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class SocketSession:
    """`run` ends when it has closed the channel; cancelled, it closes nothing and leaves nothing behind.

    One task sends and decides; another one only receives, one message ahead. So replies and events are in
    order, and a client that takes nothing is not read from either.
    """

    def __init__(
        self, channel: Channel, trace: Trace, services: SocketServices, ticket: str | None = None
    ) -> None:
        self._channel = channel
        self._trace = trace
        self._feed = services.feed
        self._authenticate = services.authenticate
        self._take_ticket = services.take_ticket
        self._ticket = ticket
        self._clock = services.clock
        self._limits = services.limits
        self._refusals = services.refusals
        self._loop = asyncio.get_running_loop()
        self._bell = Bell()
        self._received: asyncio.Queue[str | bytes] = asyncio.Queue(maxsize=1)
        self.principal: Principal | None = None
        self._reader: Subscriber | None = None
        self._expires_at: datetime | None = None
        now = self._loop.time()
        # Until then a valid token is awaited, first or fresh.
        self._deadline = now + self._limits.authenticate_within
        self._warn_at: float | None = None
        self._heartbeat_at = now + self._limits.heartbeat
        self._refused = 0
        self._minute_ends, self._taken = now + 60.0, 0
        self._draining = False

    async def run(self) -> CloseCode:
        """The conversation; returns what it was closed with."""
        receiving = self._loop.create_task(self._receive())
        receiving.add_done_callback(lambda _: self._bell.ring())
        try:
            closing = await self._converse(receiving)
            note(self._refusals, self._trace, closing.code, closing.__cause__, self.principal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limits.patience):
                    await self._channel.close(closing.code, closing.reason)
            return closing.code
        finally:
            self._leave()
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    def drain(self) -> None:
        """Closes the socket with 1012 as soon as what is being sent is out."""
        self._draining = True
        self._bell.ring()

    async def _converse(self, receiving: asyncio.Task[None]) -> Closing:
        try:
            if self._ticket is not None:
                await self._identify(self._take_ticket, self._ticket)
            while not receiving.done():
                await self._step()
            return Closing(CloseCode.INTERNAL_ERROR, "the connection cannot be read")
        except Closing as closing:
            return closing
        except Unavailable as error:
            return Closing(CloseCode.TRY_AGAIN_LATER, error.detail)
        except Exception:
            log.exception("socket_failed")
            return Closing(CloseCode.INTERNAL_ERROR, "something went wrong on our side")

    async def _receive(self) -> None:
        while True:
            await self._received.put(await self._channel.receive())
            self._bell.ring()

    async def _step(self) -> None:
        """Ends what must end, obeys one command, sends one burst of events, or else sleeps."""
        self._end_if_due()
        await self._remind()
        obeyed = not self._received.empty()
        if obeyed:
            await self._obey(self._received.get_nowait())
        frames = await self._reader.take(self._limits.burst) if self._reader else ()
        if frames:
            await self._send(*[frame.text for frame in frames])
        elif not obeyed and (self._reader is None or self._reader.idle):
            await self._bell.wait(min(self._deadline, self._heartbeat_at, self._warn_at or self._deadline))

    def _end_if_due(self) -> None:
        if self._draining or (self._reader and self._reader.ending is Ending.DRAINING):
            raise Closing(CloseCode.SERVICE_RESTART, "the server restarts; connect again")
        if self._reader and self._reader.ending is Ending.SESSION_ENDED:
            raise Closing(CloseCode.NOT_AUTHENTICATED, "the session has ended")
        if self._loop.time() >= self._deadline:
            reason = "the token has expired" if self._reader else "no authenticate message came in time"
            raise Closing(CloseCode.NOT_AUTHENTICATED, reason)

    async def _remind(self) -> None:
        now = self._loop.time()
        if self._warn_at is not None and self._expires_at is not None and now >= self._warn_at:
            self._warn_at = None
            await self._reply(protocol.TokenExpiring(expires_at=self._expires_at))
        if now >= self._heartbeat_at:
            reader = self._reader
            position = reader.position if reader is not None and reader.following else None
            await self._reply(protocol.Heartbeat(position=position))

    async def _obey(self, raw: str | bytes) -> None:
        self._count_message()
        if isinstance(raw, bytes):
            raise Closing(CloseCode.UNSUPPORTED_DATA, "messages are text")
        if len(raw) > self._limits.message_characters:
            reason = f"messages have at most {self._limits.message_characters} characters"
            raise Closing(CloseCode.MESSAGE_TOO_BIG, reason)
        try:
            command = protocol.read_command(raw)
            if self._reader is None and not isinstance(command, protocol.Authenticate):
                raise Closing(CloseCode.NOT_AUTHENTICATED, "the first message must be authenticate")
            await self._carry_out(command)
            self._refused = 0
        except BadRequest as error:
            raise Closing(CloseCode.POLICY_VIOLATION, "messages are JSON objects (RFC 8259)") from error
        except InvalidInput as error:
            self._refused += 1
            if self._reader is None or self._refused > self._limits.refusals:
                raise Closing(CloseCode.POLICY_VIOLATION, "the message is not one of the protocol") from error
            await self._reply(protocol.refused(error))

    def _count_message(self) -> None:
        now = self._loop.time()
        if now >= self._minute_ends:
            self._minute_ends, self._taken = now + 60.0, 0
        self._taken += 1
        if self._taken > self._limits.messages:
            raise Closing(CloseCode.POLICY_VIOLATION, "too many messages; events need no asking")

    async def _carry_out(self, command: protocol.AnyCommand) -> None:
        if isinstance(command, protocol.Authenticate):
            await self._identify(self._authenticate, command.token)
            return
        reader = self._reader
        if reader is None:
            raise RuntimeError("only authenticate is carried out before authentication")
        if isinstance(command, protocol.Subscribe):
            topics = checked_topics(command.topics)
            position = await reader.follow(topics, command.since)
            await self._reply(protocol.Subscribed(topics=list(topics), position=position))
        elif isinstance(command, protocol.Unsubscribe):
            await self._reply(protocol.Unsubscribed(position=reader.unfollow()))
        else:
            await self._reply(protocol.Pong())

    async def _identify(self, authenticate: AuthenticateSocket, token: str) -> None:
        try:
            principal = await admitted(authenticate, token, self._trace, self._feed)
        except NotAuthenticated as error:
            raise Closing(CloseCode.NOT_AUTHENTICATED, "the token is not valid") from error
        except NotPermitted as error:
            raise Closing(CloseCode.NOT_PERMITTED, error.detail) from error
        expires_at = ends_at(principal, self._clock.now())
        remaining = (expires_at - self._clock.now()).total_seconds()
        if remaining <= 0:
            raise Closing(CloseCode.NOT_AUTHENTICATED, "the token has expired")
        # Nothing is awaited between the check of the token and joining: what ends meanwhile would end
        # without this socket.
        if self._reader is None:
            self._reader = self._join(principal)
        elif self._reader.user_id != principal.user_id:
            raise Closing(CloseCode.NOT_PERMITTED, "the token is another account's")
        else:
            self._reader.renew(principal.session_id, principal.api_key_id)
        self.principal = principal
        bind_contextvars(user_id=str(principal.user_id))
        now = self._loop.time()
        self._expires_at = expires_at
        self._deadline = now + remaining
        self._warn_at = self._deadline - self._limits.warn_before_expiry
        await self._reply(protocol.Authenticated(user_id=principal.user_id, expires_at=expires_at))

    def _join(self, principal: Principal) -> Subscriber:
        try:
            return self._feed.join(principal, self._bell.ring)
        except (FeedClosed, TooManySubscribers) as error:
            raise Closing(CloseCode.TRY_AGAIN_LATER, error.detail) from error

    async def _reply(self, reply: protocol.Reply) -> None:
        await self._send(protocol.write_reply(reply))

    async def _send(self, *texts: str) -> None:
        try:
            async with asyncio.timeout(self._limits.patience) as patience:
                for text in texts:
                    await self._channel.send(text)
                    patience.reschedule(self._loop.time() + self._limits.patience)
        except TimeoutError as error:
            raise Closing(CloseCode.TRY_AGAIN_LATER, "the client is too slow; resume with since") from error
        self._heartbeat_at = self._loop.time() + self._limits.heartbeat

    def _leave(self) -> None:
        if self._reader is not None:
            self._feed.leave(self._reader)
