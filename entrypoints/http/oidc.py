"""Logging in with a provider (OpenID Connect, code flow), and the identities that lead to an account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from application.identity.oidc_begin_login import BeginOidcLogin, BeginOidcLoginCommand
from application.identity.oidc_complete_login import CompleteOidcLogin, CompleteOidcLoginCommand
from application.identity.oidc_identities import (
    IdentityView,
    ListIdentities,
    UnlinkIdentity,
    UnlinkIdentityCommand,
)
from application.identity.oidc_ports import Answer, IdentityProviders
from application.shared.permissions import Permission
from domain.shared.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Unavailable,
    Violation,
)
from domain.shared.ids import ExternalIdentityId
from entrypoints.http.auth import tokens
from entrypoints.http.auth_bodies import TokenReply
from entrypoints.http.oauth import NO_STORE
from entrypoints.http.operation import Call, NoQuery, Operation, Reply
from entrypoints.http.rate_limits import LimitClass

LOGIN_PATH = "/api/v1/auth/oidc/{provider}/login"

Parameter = Annotated[str | None, Meta(extra_json_schema={"maxLength": 4096})]


class CallbackQuery(msgspec.Struct, kw_only=True):
    """What the provider sends the browser back with. Unlike elsewhere other parameters are ignored: providers
    add some of their own, and RFC 6749, 4.1.2 wants that."""

    state: Parameter = None
    code: Parameter = None
    error: Parameter = None
    iss: Parameter = None


class ProviderView(msgspec.Struct, kw_only=True):
    """A provider to log in with; `login` is where a browser goes for it."""

    name: str
    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCookie:
    """Where a browser keeps its pending login. Over https the name's prefix makes browsers refuse it from
    anybody but this host (RFC 6265bis, 4.1.3.2). `Lax`, because the provider sends the browser back."""

    secure: bool

    @property
    def name(self) -> str:
        return "__Host-kgl-login" if self.secure else "kgl-login"

    def holding(self, value: str, seconds: int) -> str:
        """The `Set-Cookie` header; with 0 seconds the cookie goes."""
        secure = "; Secure" if self.secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcOverHttp:
    """The use cases these operations call."""

    providers: IdentityProviders
    begin_login: BeginOidcLogin
    complete_login: CompleteOidcLogin
    list_identities: ListIdentities
    unlink_identity: UnlinkIdentity
    cookie: LoginCookie

    async def configured(self, _: Call[None, NoQuery]) -> Reply:
        names = self.providers.names()
        return Reply(data=[ProviderView(name=name, login=LOGIN_PATH.format(provider=name)) for name in names])

    async def login(self, call: Call[None, NoQuery]) -> Reply:
        begun = await self.begin_login(BeginOidcLoginCommand(provider=call.path["provider"]))
        cookie = self.cookie.holding(begun.sealed, int(begun.lifetime.total_seconds()))
        return Reply(location=begun.url, headers={**NO_STORE, "Set-Cookie": cookie})

    async def callback(self, call: Call[None, CallbackQuery]) -> Reply:
        provider, query = call.path["provider"], call.query
        self.providers.get(provider)  # an address that is none is that first, whatever comes with it
        if query.state is None:
            raise InvalidInput([Violation(pointer="/state", code="required", detail="is required")])
        pair = await self.complete_login(
            CompleteOidcLoginCommand(
                trace=call.trace,
                provider=provider,
                answer=Answer(state=query.state, code=query.code, error=query.error, issuer=query.iss),
                sealed=call.request.cookies.get(self.cookie.name),
                user_agent=call.request.headers.get("User-Agent"),
            )
        )
        reply = tokens(pair)
        return replace(reply, headers={**reply.headers, "Set-Cookie": self.cookie.holding("", 0)})

    async def identities(self, call: Call[None, NoQuery]) -> Reply:
        return Reply(data=await self.list_identities(call.principal), headers={"Vary": "Authorization"})

    async def unlink(self, call: Call[None, NoQuery]) -> Reply:
        identity_id = ExternalIdentityId(call.id("identity_id"))
        await self.unlink_identity(UnlinkIdentityCommand(principal=call.principal, identity_id=identity_id))
        return Reply()


def operations(oidc: OidcOverHttp) -> Sequence[Operation[Any, Any]]:
    """Providers, the way there and back, and linked identities."""
    return [
        Operation(
            method="GET",
            path="/auth/oidc",
            handler=oidc.configured,
            summary="List the providers one can log in with",
            tag="auth",
            permission=None,
            reply=list[ProviderView],
        ),
        Operation(
            method="GET",
            path="/auth/oidc/{provider}/login",
            handler=oidc.login,
            summary="Go to a provider to log in",
            tag="auth",
            permission=None,
            limit=LimitClass.LOGIN,
            status=302,
            raw_reply=True,
            raises=(NotFound, Unavailable),
            description=(
                "For browsers: redirects to the provider and sets a cookie that the callback asks for. The "
                "login has to be finished in the same browser within ten minutes; a later one replaces it."
            ),
        ),
        Operation(
            method="GET",
            path="/auth/oidc/{provider}/callback",
            handler=oidc.callback,
            summary="Come back from a provider, logged in",
            tag="auth",
            permission=None,
            limit=LimitClass.LOGIN,
            query=CallbackQuery,
            reply=TokenReply,
            raw_reply=True,
            raises=(InvalidInput, NotAuthenticated, NotPermitted, NotFound, Conflict, Unavailable),
            description=(
                "Where the provider sends the browser. Answers as `/auth/token` does. An identity that was "
                "seen before leads to its account. A new one is linked to the account with the same e-mail "
                "address, or opens one, only when the provider says that the address is verified (403 "
                "otherwise). The first identity that is linked to an account with a password takes the "
                "account over: the password is removed, and its sessions and keys end."
            ),
        ),
        Operation(
            method="GET",
            path="/auth/me/identities",
            handler=oidc.identities,
            summary="List the provider identities that lead to one's own account",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            reply=list[IdentityView],
        ),
        Operation(
            method="DELETE",
            path="/auth/me/identities/{identity_id}",
            handler=oidc.unlink,
            summary="Unlink a provider identity from one's own account",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            status=204,
            raises=(NotFound, Conflict),
            description="The last way to log in cannot be taken away (409): set a password first.",
        ),
    ]
