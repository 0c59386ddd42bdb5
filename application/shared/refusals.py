"""Where every entrypoint reports access it refused, so that the audit log has it."""

from dataclasses import dataclass
from typing import Protocol

from application.shared.principal import Trace
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """`reason` is a stable word; `operation` the method and the route as it is declared, without anything a
    client wrote; `user_id` the account it was refused to, None when that is not certain."""

    reason: str
    operation: str
    trace: Trace
    user_id: UserId | None = None


class RefusalRecorder(Protocol):
    """Takes refusals from many requests."""

    def record(self, refusal: Refusal) -> None:
        """Takes note at once, without waiting for anything and without ever failing."""
        ...
