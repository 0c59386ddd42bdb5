"""One's own account over HTTP: where it is logged in, its password, its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from application.identity.change_password import ChangePassword, ChangePasswordCommand
from application.identity.delete_account import DeleteAccount, DeleteAccountCommand
from application.identity.end_session import EndSession, EndSessionCommand
from application.identity.list_sessions import ListSessions, ListSessionsCommand
from application.identity.queries import SESSION_SORTS, SessionView
from application.shared.permissions import Permission
from domain.shared.errors import Conflict, InvalidInput, NotFound, Unavailable
from domain.shared.ids import SessionId
from entrypoints.http.auth_bodies import DeleteAccountBody, PasswordChangeBody
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply
from entrypoints.http.rate_limits import LimitClass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOverHttp:
    """The use cases these operations call."""

    list_sessions: ListSessions
    end_session: EndSession
    change_password: ChangePassword
    delete_account: DeleteAccount

    async def sessions(self, call: Call[None, PageQuery]) -> Reply:
        page = await self.list_sessions(
            ListSessionsCommand(principal=call.principal, page=call.page(SESSION_SORTS))
        )
        return Reply(data=page.rows, next=page.next, headers={"Vary": "Authorization"})

    async def end(self, call: Call[None, NoQuery]) -> Reply:
        session_id = SessionId(call.id("session_id"))
        await self.end_session(EndSessionCommand(principal=call.principal, session_id=session_id))
        return Reply()

    async def password(self, call: Call[PasswordChangeBody, NoQuery]) -> Reply:
        await self.change_password(
            ChangePasswordCommand(
                principal=call.principal,
                current_password=call.body.current_password,
                new_password=call.body.new_password,
            )
        )
        return Reply()

    async def delete(self, call: Call[DeleteAccountBody, NoQuery]) -> Reply:
        await self.delete_account(DeleteAccountCommand(principal=call.principal, password=call.body.password))
        return Reply()


def operations(account: AccountOverHttp) -> Sequence[Operation[Any, Any]]:
    """Sessions, password, deletion."""
    return [
        Operation(
            method="GET",
            path="/auth/sessions",
            handler=account.sessions,
            summary="List the sessions of one's own account",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            query=PageQuery,
            reply=list[SessionView],
            raises=(InvalidInput,),
            description="Those that can still be kept alive; `current` is the one that asks.",
        ),
        Operation(
            method="DELETE",
            path="/auth/sessions/{session_id}",
            handler=account.end,
            summary="End a session of one's own account",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            status=204,
            raises=(NotFound,),
            description="At once: its tokens are refused and its sockets closed.",
        ),
        Operation(
            method="POST",
            path="/auth/me/password",
            handler=account.password,
            summary="Change one's own password",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            limit=LimitClass.CONFIRMATION,
            body=PasswordChangeBody,
            status=204,
            raises=(InvalidInput, NotFound, Conflict, Unavailable),
            description=(
                "Every other session of the account ends; this one goes on. A wrong current password is "
                "refused with 422 at `/current_password`."
            ),
        ),
        Operation(
            method="DELETE",
            path="/auth/me",
            handler=account.delete,
            summary="Delete one's own account with all its data",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            limit=LimitClass.CONFIRMATION,
            body=DeleteAccountBody,
            status=204,
            raises=(InvalidInput, NotFound, Conflict, Unavailable),
            description=(
                "For good, and at once: only the audit stays. A wrong password is refused with 422 at "
                "`/password`."
            ),
        ),
    ]
