"""The AsyncAPI 3 document of the socket, made from the classes that read and write its messages."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from entrypoints.http.operation import Call, Operation, Reply
from entrypoints.http.rate_limits import LimitClass
from entrypoints.websocket import protocol
from entrypoints.websocket.cloudevent import CloudEvent
from entrypoints.websocket.protocol import CloseCode

Document: TypeAlias = dict[str, Any]
_REF = "#/components/schemas/{name}"

CLOSE_CODES = {
    CloseCode.UNSUPPORTED_DATA: "a binary message",
    CloseCode.POLICY_VIOLATION: "a message that is not JSON, too many refused messages, or too many messages",
    CloseCode.MESSAGE_TOO_BIG: "a message that is too long",
    CloseCode.INTERNAL_ERROR: "a failure on the server's side; connect again and resume",
    CloseCode.SERVICE_RESTART: "the server restarts; connect again and resume",
    CloseCode.TRY_AGAIN_LATER: "the client took too long to take its events, or a service is away; "
    "connect again and resume",
    CloseCode.NOT_AUTHENTICATED: "no token in time, or the token, key or ticket is not valid, has expired, "
    "or its session has ended",
    CloseCode.NOT_PERMITTED: "a fresh token of another account, or one that may not read events",
}
DESCRIPTION = """Send `authenticate` with an access token or an API key within ten seconds, or connect with \
`?ticket=` and a ticket of `POST /auth/ws-ticket`; then `subscribe`. Events are CloudEvents 1.0 in the \
JSON format; every event of the account that fits a topic is sent once, in the order of `position`. After a \
lost connection, subscribe with `since` set to the last position seen (of an event, a heartbeat or \
`subscribed`): nothing is lost, nothing comes twice. Topics are AMQP patterns: `*` is one word, `#` any \
number. A message that is understood but refused is answered with `error`, and changes nothing. Browsers may \
connect from the server's own pages and from the configured origins.

Close codes:

"""

TICKET: Document = {
    "type": "object",
    "properties": {"ticket": {"type": "string", "description": "Good once, for 30 seconds."}},
}


def asyncapi(version: str) -> Document:
    """The document for exactly the messages of `protocol`."""
    sent: tuple[type[msgspec.Struct], ...] = protocol.COMMANDS
    received: tuple[type[msgspec.Struct], ...] = (*protocol.REPLIES, CloudEvent)
    shapes = (*sent, *received)
    references, schemas = msgspec.json.schema_components(shapes, schema_hook=anything, ref_template=_REF)
    messages = {
        name_of(shape): {
            "name": name_of(shape),
            "summary": " ".join((shape.__doc__ or "").split()),
            "contentType": "application/cloudevents+json" if shape is CloudEvent else "application/json",
            "payload": reference,
        }
        for shape, reference in zip(shapes, references, strict=True)
    }
    codes = "".join(f"- {int(code)}: {meaning}\n" for code, meaning in CLOSE_CODES.items())
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Knowledge Graph Lab live feed",
            "version": version,
            "description": DESCRIPTION + codes,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": "/api/v1/ws",
                "title": "Everything that happens to the account's data",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": TICKET, "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            # Named from the server's side, as AsyncAPI has it for the document of a server.
            "obey": operation("receive", sent, "What a client asks"),
            "tell": operation("send", received, "What a client is told"),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def anything(shape: type) -> Document:
    """The schema of a value that may be any JSON. Raises `NotImplementedError` for other unknown types."""
    if shape is not object:
        raise NotImplementedError
    return {"description": "Any JSON value."}


def name_of(shape: type[msgspec.Struct]) -> str:
    """A message's name in the document: its `type`, or `event`."""
    return str(shape.__struct_config__.tag or "event")


def operation(action: str, shapes: Sequence[type[msgspec.Struct]], summary: str) -> Document:
    """One direction of the channel."""
    references = [{"$ref": f"#/channels/live/messages/{name_of(shape)}"} for shape in shapes]
    return {
        "action": action,
        "channel": {"$ref": "#/channels/live"},
        "summary": summary,
        "messages": references,
    }


def operations(version: str) -> Sequence[Operation[Any, Any]]:
    """The document's own address."""
    document = msgspec.json.encode(asyncapi(version))

    async def show(_: Call[Any, Any]) -> Reply:
        return Reply(raw=document)

    return [
        Operation(
            method="GET",
            path="/asyncapi.json",
            handler=show,
            summary="The AsyncAPI document of the socket",
            tag="live",
            permission=None,
            limit=LimitClass.EXEMPT,
        )
    ]
