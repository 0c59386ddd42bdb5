"""Messages as CloudEvents 1.0 in the AMQP binding's binary mode: attributes in headers, data as the body."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from aio_pika import DeliveryMode
from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractMessage

from application.shared.messages import Message
from domain.shared.ids import EventId, UserId

CONTENT_TYPE = "application/json"
# Both spellings are in the binding; the underscore is the one it recommends for writing.
PREFIX, OTHER_PREFIX = "cloudEvents_", "cloudEvents:"

# Our own headers. They count and explain; the broker's (x-death, x-delivery-count) are never read for that.
FAILURES, ERROR, QUEUE = "x-kgl-failures", "x-kgl-error", "x-kgl-queue"


class Undecodable(Exception):
    """What arrived is no CloudEvent of ours; no retry can make it one."""


def encode(message: Message) -> AmqpMessage:
    """The message, persistent, ready to be published."""
    attributes = {
        "specversion": "1.0",
        "id": str(message.id),
        "type": message.type,
        "source": message.source,
        "subject": str(message.subject),
        "time": message.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "userid": str(message.user_id),
        # As text: a CloudEvents integer ends at 2**31 - 1, which the order of all events may pass.
        "position": str(message.position),
        "requestid": message.request_id,
    }
    if message.traceparent is not None:
        attributes["traceparent"] = message.traceparent
    return AmqpMessage(
        msgspec.json.encode(message.data),
        headers={PREFIX + name: value for name, value in attributes.items()},
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=str(message.id),
        type=message.type,
    )


def decode(incoming: AbstractMessage) -> Message:
    """The message as it was published. Raises `Undecodable`."""
    attributes = cloudevent_attributes(incoming.headers)
    try:
        if attributes["specversion"] != "1.0":
            raise Undecodable(f"specversion is {attributes['specversion']}, not 1.0")
        time = datetime.fromisoformat(attributes["time"])
        if time.tzinfo is None:
            raise Undecodable("time has no time zone")
        return Message(
            id=EventId(UUID(attributes["id"])),
            type=attributes["type"],
            source=attributes["source"],
            subject=UUID(attributes["subject"]),
            time=time.astimezone(UTC),
            user_id=UserId(UUID(attributes["userid"])),
            position=int(attributes["position"]),
            data=msgspec.json.decode(incoming.body, type=dict),
            request_id=attributes["requestid"],
            traceparent=attributes.get("traceparent"),
        )
    except KeyError as error:
        raise Undecodable(f"the CloudEvents attribute {error.args[0]} is missing") from error
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise Undecodable(str(error)) from error


def cloudevent_attributes(headers: Mapping[str, object]) -> Mapping[str, str]:
    """The headers that are CloudEvents attributes, by attribute name."""
    return {
        name[len(PREFIX) :]: str(value)
        for name, value in headers.items()
        if name.startswith((PREFIX, OTHER_PREFIX))
    }


def failures_of(incoming: AbstractMessage) -> int:
    """How often the message failed before."""
    value = incoming.headers.get(FAILURES, 0)
    return value if isinstance(value, int) and value >= 0 else 0


def copy_of(incoming: AbstractMessage, headers: Mapping[str, str | int]) -> AmqpMessage:
    """The same message once more with headers of ours; what the broker wrote on it stays behind."""
    kept = {name: value for name, value in incoming.headers.items() if not name.startswith("x-")}
    return AmqpMessage(
        incoming.body,
        headers={**kept, **headers},
        content_type=incoming.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=incoming.message_id,
        type=incoming.type,
    )
