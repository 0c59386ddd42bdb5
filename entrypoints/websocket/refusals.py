"""Which ends of a socket are refusals of access, and so go into the audit log."""

from typing import Final

from application.shared.principal import Principal, Trace
from application.shared.refusals import Refusal, RefusalRecorder
from domain.shared.errors import AccessRefused
from entrypoints.websocket.protocol import CloseCode

OPERATION: Final = "GET /api/v1/ws"


def note(
    recorder: RefusalRecorder | None,
    trace: Trace,
    code: CloseCode,
    cause: BaseException | None,
    principal: Principal | None,
) -> None:
    """Reports a close that refuses access; one that ends what was granted (expiry, logout) does not."""
    if recorder is None:
        return
    about = principal.user_id if principal else None
    if isinstance(cause, AccessRefused):
        reason, about = cause.reason, cause.user_id or about
    elif code is CloseCode.NOT_PERMITTED:
        reason = "other_account"
    elif code is CloseCode.NOT_AUTHENTICATED and principal is None:
        reason = "no_token"
    else:
        return
    recorder.record(Refusal(reason=reason, operation=OPERATION, trace=trace, user_id=about))
