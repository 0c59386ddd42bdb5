"""The one tree of everything that can be refused; each docstring is the message a caller sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.ids import UserId


class KnowledgeGraphError(Exception):
    """The request could not be carried out."""

    # The broken rules that callers are told, where there are any.
    violations: Sequence["Violation"] = ()

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or (type(self).__doc__ or "").strip())

    @property
    def detail(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule: `pointer` is a JSON Pointer (RFC 6901) into the input, `code` a stable word."""

    pointer: str
    code: str
    detail: str


class InvalidInput(KnowledgeGraphError):
    """The input breaks a rule."""

    def __init__(self, violations: Sequence[Violation], detail: str | None = None) -> None:
        super().__init__(detail or "; ".join(f"{v.pointer or '/'}: {v.detail}" for v in violations))
        self.violations = tuple(violations)


class NotFound(KnowledgeGraphError):
    """There is no such thing."""


class Conflict(KnowledgeGraphError):
    """The request contradicts the present state."""


class PreconditionFailed(KnowledgeGraphError):
    """The thing has changed since it was read."""


class AccessRefused(KnowledgeGraphError):
    """Access was refused.

    `reason` is a stable word for the audit log, `user_id` the account it was about where that is certain; no
    caller is told either. `on_record` says that whoever refused has written it down already.
    """

    code: ClassVar[str] = "refused"

    def __init__(
        self,
        detail: str | None = None,
        *,
        reason: str | None = None,
        user_id: UserId | None = None,
        on_record: bool = False,
    ) -> None:
        super().__init__(detail)
        self.reason = reason or self.code
        self.user_id = user_id
        self.on_record = on_record


class NotAuthenticated(AccessRefused):
    """Authentication is required."""

    code = "not_authenticated"


class AccountGone(NotAuthenticated):
    """This account does not exist any more."""

    code = "account_gone"


class NotPermitted(AccessRefused):
    """This account may not do that."""

    code = "not_permitted"


class Unavailable(KnowledgeGraphError):
    """A service this depends on does not answer right now; try again."""


class RequestInFlight(Conflict):
    """A request with this idempotency key is still being carried out."""


class IdempotencyKeyReused(KnowledgeGraphError):
    """This idempotency key was used before with a different request."""


class AlreadyApplied(KnowledgeGraphError):
    """A request with this idempotency key was carried out before."""

    def __init__(self, resource_id: UUID) -> None:
        super().__init__()
        self.resource_id = resource_id


class AlreadyHandled(KnowledgeGraphError):
    """This message was handled before."""
