"""The messages of the socket in both directions; its documentation is made from these classes."""

from collections.abc import Callable
from datetime import datetime
from enum import IntEnum
from typing import Annotated
from uuid import UUID

import msgspec

from domain.shared.errors import KnowledgeGraphError
from entrypoints.http.decoding import body_decoder
from entrypoints.http.errors import BadRequest, ProblemError, kind_of, violations_of

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class CloseCode(IntEnum):
    """What the server closes with. 4401 asks for a new token, 1012 and 1013 for a new connection."""

    UNSUPPORTED_DATA = 1003
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    NOT_AUTHENTICATED = 4401
    NOT_PERMITTED = 4403


class Command(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """What a client sends."""


class Authenticate(Command, tag="authenticate"):
    """The first message, and later on with a fresh token of the same account, which changes nothing else."""

    token: str


class Subscribe(Command, tag="subscribe"):
    """Replaces the topics read so far. `since` is a position to resume after; without it, reading goes on
    where it is, or begins now.
    """

    topics: list[str]
    since: int | None = None


class Unsubscribe(Command, tag="unsubscribe"):
    """Ends reading; the connection stays."""


class Ping(Command, tag="ping"):
    """Asks for a `pong`."""


class Reply(msgspec.Struct, kw_only=True, tag_field="type", omit_defaults=True):
    """What the server sends besides events."""


class Authenticated(Reply, tag="authenticated"):
    """The token is good until `expires_at`."""

    user_id: UUID
    expires_at: Moment


class Subscribed(Reply, tag="subscribed"):
    """Every event of these topics after `position` follows, in order, each once."""

    topics: list[str]
    position: int


class Unsubscribed(Reply, tag="unsubscribed"):
    """Events up to `position` were sent."""

    position: int


class Pong(Reply, tag="pong"):
    """The answer to a `ping`."""


class Heartbeat(Reply, tag="heartbeat"):
    """Nothing else was sent for a while. Resuming after `position` misses nothing; it is absent while not
    subscribed.
    """

    position: int | None = None


class TokenExpiring(Reply, tag="token_expiring"):
    """Send `authenticate` with a fresh token, or the connection closes with 4401 at `expires_at`."""

    expires_at: Moment


class Refused(Reply, tag="error"):
    """A message was understood but not carried out; nothing has changed. `code` is the last part of the
    problem type of the HTTP API.
    """

    code: str
    detail: str
    errors: list[ProblemError] = []


COMMANDS = (Authenticate, Subscribe, Unsubscribe, Ping)
REPLIES = (Authenticated, Subscribed, Unsubscribed, Pong, Heartbeat, TokenExpiring, Refused)

AnyCommand = Authenticate | Subscribe | Unsubscribe | Ping

_DECODE: Callable[[bytes], AnyCommand] = body_decoder(AnyCommand)  # type: ignore[arg-type]  # a union is no class
_ENCODER = msgspec.json.Encoder()


def read_command(raw: str) -> AnyCommand:
    """Raises `BadRequest` for what is not JSON, `InvalidInput` for what is no command."""
    try:
        encoded = raw.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("the message is not valid UTF-8") from error
    return _DECODE(encoded)


def write_reply(reply: Reply) -> str:
    """The reply as it is sent."""
    return _ENCODER.encode(reply).decode()


def refused(error: KnowledgeGraphError) -> Refused:
    """An error as a reply, in the words of the HTTP API."""
    return Refused(
        code=kind_of(type(error)).slug,
        detail=error.detail,
        errors=[ProblemError(v.pointer, v.code, v.detail) for v in violations_of(error)],
    )
