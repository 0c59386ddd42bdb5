"""Which refusals over HTTP are about access, and so go into the audit log."""

from collections.abc import Mapping
from typing import Any, Final

from application.shared.principal import Principal, Trace
from application.shared.refusals import Refusal, RefusalRecorder
from domain.shared.errors import AccessRefused, InvalidInput, KnowledgeGraphError, NotFound
from entrypoints.http.errors import TooManyRequests
from entrypoints.http.operation import Operation

# Fields that say who may do what: to name one where it is not offered is no slip of the pen.
DECISIVE: Final = frozenset(
    {
        "role",
        "roles",
        "is_admin",
        "is_active",
        "scope",
        "scopes",
        "permissions",
        "user_id",
        "owner_id",
        "owner",
    }
)
# What a rule calls an address that leads where nobody outside may reach.
FORBIDDEN_ADDRESS: Final = "forbidden_address"


def reason_of(error: BaseException | None, operation: Operation[Any, Any]) -> str | None:
    """A stable word for the audit log; None for what is no matter of access, or is on record."""
    if isinstance(error, AccessRefused):
        return None if error.on_record else error.reason
    if isinstance(error, NotFound):
        # Somebody else's things look the same as none: only the audit tells of ids that were guessed.
        return "not_found" if "{" in operation.path else None
    if isinstance(error, TooManyRequests):
        return "rate_limited"
    if isinstance(error, InvalidInput):
        for each in error.violations:
            if each.code == FORBIDDEN_ADDRESS:
                return FORBIDDEN_ADDRESS
            if each.code == "unknown_field" and each.pointer.rpartition("/")[2] in DECISIVE:
                return "forbidden_field"
    return None


def note(
    recorder: RefusalRecorder | None,
    operation: Operation[Any, Any],
    error: KnowledgeGraphError,
    trace: Trace,
    scope: Mapping[str, Any],
) -> None:
    """Reports a refusal that is about access. `scope` knows the caller, once there is one."""
    reason = reason_of(error, operation)
    if recorder is None or reason is None:
        return
    caller: Principal | None = scope.get("kgl.caller")
    about = error.user_id if isinstance(error, AccessRefused) else None
    if about is None and caller is not None:
        about = caller.user_id
    name = f"{operation.method} {operation.prefix}{operation.path}"
    recorder.record(Refusal(reason=reason, operation=name, trace=trace, user_id=about))
