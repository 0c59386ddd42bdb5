"""Everybody's accounts over HTTP, for administrators alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from application.identity.administer_user import ChangeUser, ChangeUserCommand, DeleteUser, DeleteUserCommand
from application.identity.queries import USER_SORTS, AccountFilter, AccountQueries, UserView, user_view
from application.shared.permissions import Permission
from domain.shared.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from domain.shared.ids import UserId
from domain.shared.roles import Role
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply

RoleName = Literal["user", "moderator", "admin"]


class UserPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A merge patch (RFC 7396) of what an administrator decides about an account."""

    role: RoleName | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class UsersQuery(PageQuery, kw_only=True):
    """`q`: a part of the e-mail address or of the name, in any case."""

    q: str | None = None
    role: RoleName | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminUsersOverHttp:
    """The use cases and queries these operations call."""

    accounts: AccountQueries
    change_user: ChangeUser
    delete_user: DeleteUser

    async def list(self, call: Call[None, UsersQuery]) -> Reply:
        query = call.query
        wanted = AccountFilter(
            q=query.q, role=Role(query.role) if query.role else None, is_active=query.is_active
        )
        page = await self.accounts.accounts(call.page(USER_SORTS), wanted)
        return Reply(data=[user_view(user) for user in page.rows], next=page.next)

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        user = await self.accounts.account(UserId(call.id("user_id")))
        return Reply(data=user_view(user), version=user.version)

    async def patch(self, call: Call[UserPatch, NoQuery]) -> Reply:
        body = call.body
        user = await self.change_user(
            ChangeUserCommand(
                principal=call.principal,
                user_id=UserId(call.id("user_id")),
                role=None if body.role is UNSET else Role(body.role),
                is_active=None if body.is_active is UNSET else body.is_active,
                expected_version=call.expected_version(),
            )
        )
        return Reply(data=user_view(user), version=user.version)

    async def delete(self, call: Call[None, NoQuery]) -> Reply:
        await self.delete_user(
            DeleteUserCommand(
                principal=call.principal,
                user_id=UserId(call.id("user_id")),
                expected_version=call.expected_version(),
            )
        )
        return Reply()


def operations(users: AdminUsersOverHttp) -> Sequence[Operation[Any, Any]]:
    """Search, read, change, delete."""
    return [
        Operation(
            method="GET",
            path="/admin/users",
            handler=users.list,
            summary="Search all accounts",
            tag="admin",
            permission=Permission.USERS_ADMINISTER,
            query=UsersQuery,
            reply=list[UserView],
            raises=(InvalidInput,),
        ),
        Operation(
            method="GET",
            path="/admin/users/{user_id}",
            handler=users.get,
            summary="Read an account",
            tag="admin",
            permission=Permission.USERS_ADMINISTER,
            reply=UserView,
            raises=(NotFound,),
        ),
        Operation(
            method="PATCH",
            path="/admin/users/{user_id}",
            handler=users.patch,
            summary="Give an account a role, close it or open it",
            tag="admin",
            permission=Permission.USERS_ADMINISTER,
            body=UserPatch,
            reply=UserView,
            raises=(InvalidInput, NotFound, Conflict, PreconditionFailed),
            conditional=True,
            media_types=("application/merge-patch+json", "application/json"),
            description=(
                "At once: with another role, or closed, its sessions end, its tokens are refused and its "
                "sockets closed. One's own account is refused with 409."
            ),
        ),
        Operation(
            method="DELETE",
            path="/admin/users/{user_id}",
            handler=users.delete,
            summary="Delete an account with all its data",
            tag="admin",
            permission=Permission.USERS_ADMINISTER,
            status=204,
            raises=(NotFound, Conflict, PreconditionFailed),
            conditional=True,
            description="For good, and at once: only the audit stays. One's own is refused with 409.",
        ),
    ]
