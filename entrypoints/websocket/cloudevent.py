"""Events as clients read them: CloudEvents 1.0 in the JSON format's structured mode."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from application.shared.messages import Message


class CloudEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One event. `position` is its place in the order of all events: resume after it with `since`.

    `subject` is the id of the thing it happened to, `data` that thing as the API shows it. `userid`,
    `requestid`, `traceparent` and `position` are extension attributes.
    """

    specversion: str
    id: UUID
    source: str
    type: str
    subject: UUID
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    datacontenttype: str
    # Any JSON object; what is in it depends on the type.
    data: dict[str, object]
    position: int
    userid: UUID
    requestid: str
    traceparent: str | None = None


_ENCODER = msgspec.json.Encoder()


def cloud_event(message: Message) -> CloudEvent:
    """The message with the names CloudEvents gives its parts."""
    data: Mapping[str, object] = message.data
    return CloudEvent(
        specversion="1.0",
        id=message.id,
        source=message.source,
        type=message.type,
        subject=message.subject,
        time=message.time.astimezone(UTC),
        datacontenttype="application/json",
        data=data if isinstance(data, dict) else dict(data),
        position=message.position,
        userid=message.user_id,
        requestid=message.request_id,
        traceparent=message.traceparent,
    )


def encode_cloud_event(message: Message) -> str:
    """An `EventEncoder`: one line of JSON."""
    return _ENCODER.encode(cloud_event(message)).decode()
