"""The kinds of caller there are, as real accounts of the running system, and how each calls an operation."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from adapters.security.keys import KeyRing, hs256_key
from adapters.security.tokens import JwtTokens
from adapters.system.clock import SystemClock
from application.identity.ports import TokenClaims, TokenUse
from domain.shared.ids import SessionId, UserId
from domain.shared.roles import Role
from domain.shared.scopes import Scope
from entrypoints.http.operation import Operation
from tests.e2e.api.cases import CASES, is_administrative, perform
from tests.e2e.api.client import Client
from tests.e2e.api.declared import name_of
from tests.e2e.api.matrix import Caller
from tests.e2e.api.processes import JWT_SECRET
from tests.e2e.api.things import Ids
from tests.e2e.api.world import Account, administrator, log_in, new_account, populate

NAME = "knowledge-graph-lab"


def signed_token(
    user_id: str,
    *,
    role: Role = Role.USER,
    secret: str = JWT_SECRET,
    use: TokenUse = TokenUse.ACCESS,
    age: float = 0,
) -> str:
    """A token made apart from the server, good for a minute."""
    issued = datetime.now(UTC) - timedelta(seconds=age)
    claims = TokenClaims(
        user_id=UserId(UUID(user_id)),
        role=role,
        session_id=SessionId(uuid4()),
        token_id=uuid4(),
        issued_at=issued,
        expires_at=issued + timedelta(seconds=60),
    )
    return JwtTokens(KeyRing(hs256_key(secret)), NAME, NAME, SystemClock()).issue(use, claims)


def promoted(account: Account, role: Role) -> Account:
    """The account with another role, logged in anew, because its sessions end with the change."""
    root = administrator(account.client)
    changed = root("PATCH", f"/admin/users/{account.user_id}", json={"role": role.value})
    assert changed.status_code == 200, changed.text
    tokens = log_in(account.client.speaking(None), account.email)
    account.client = account.client.speaking(tokens["access_token"])
    account.refresh_token = tokens["refresh_token"]
    return account


def deactivated(account: Account) -> Account:
    """The account, closed while its tokens were good."""
    assert account.client.get("/auth/me").status_code == 200
    closed = administrator(account.client)(
        "PATCH", f"/admin/users/{account.user_id}", json={"is_active": False}
    )
    assert closed.status_code == 200, closed.text
    return account


def key_of(account: Account, *scopes: Scope) -> Client:
    """The API as a program with a new key of the account."""
    body = {"name": "key of the tests", "scopes": [scope.value for scope in scopes], "expires_in": 3600}
    made = account.client.post("/auth/api-keys", json=body)
    assert made.status_code == 201, made.text
    return account.client.speaking(made.json()["data"]["key"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """One account for every column of the matrix that has one."""

    owner: Account
    stranger: Account
    moderator: Account
    admin: Account
    deactivated: Account
    deactivated_key: Client
    read_key: Client
    nobody: Client

    def call(
        self, caller: Caller, operation: Operation[Any, Any], things: Ids
    ) -> tuple[Account, httpx.Response]:
        """Calls it as this caller, about these things of the owner's; who called, and the reply."""
        owner = self.owner
        match caller:
            case Caller.ANONYMOUS:
                return owner, perform(operation, owner, things, self.nobody)
            case Caller.EXPIRED:
                role = Role.ADMIN if is_administrative(operation) else Role.USER
                stale = signed_token(owner.user_id, role=role, age=3600)
                return owner, perform(operation, owner, things, self.nobody.speaking(stale))
            case Caller.OWNER:
                return owner, perform(operation, owner, things)
            case Caller.READ_KEY:
                return owner, perform(operation, owner, things, self.read_key)
            case Caller.DEACTIVATED:
                closed = self.deactivated
                ids = {**things, "refresh_token": closed.refresh_token}
                return closed, perform(operation, closed, ids, closed.client)
        other = {Caller.OTHER: self.stranger, Caller.MODERATOR: self.moderator, Caller.ADMIN: self.admin}
        return other[caller], self._as_other(other[caller], caller, operation, things)

    def _as_other(
        self, account: Account, caller: Caller, operation: Operation[Any, Any], things: Ids
    ) -> httpx.Response:
        """As somebody else: about the owner's things, with tokens of their own where those are used up."""
        fresh = CASES[name_of(operation)].fresh
        used = fresh(account) if fresh is not None else {}
        tokens: dict[str, str] = {name: used[name] for name in ("token", "refresh_token") if name in used}
        if "user_id" in used and "token" in used and caller is not Caller.OTHER:
            email = account.client.speaking(used["token"]).data("/auth/me")["email"]
            made = Account(
                client=account.client.speaking(used["token"]),
                email=email,
                mark="",
                user_id=used["user_id"],
                refresh_token=used["refresh_token"],
            )
            raised = promoted(made, Role.MODERATOR if caller is Caller.MODERATOR else Role.ADMIN)
            tokens = {"token": raised.token, "refresh_token": raised.refresh_token}
        return perform(operation, account, {**things, **tokens})


def new_callers(owner: Account, stranger: Account, nobody: Client) -> Callers:
    """The accounts that no other test has, beside those that it may."""
    moderator, admin = (
        promoted(new_account(nobody), Role.MODERATOR),
        promoted(new_account(nobody), Role.ADMIN),
    )
    for account in (moderator, admin):
        populate(account)
    closed = new_account(nobody)
    key = key_of(closed, Scope.READ)
    return Callers(
        owner=owner,
        stranger=stranger,
        moderator=moderator,
        admin=admin,
        deactivated=deactivated(closed),
        deactivated_key=key,
        read_key=key_of(owner, Scope.READ),
        nobody=nobody,
    )
