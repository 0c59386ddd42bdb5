"""Accounts and tokens over HTTP; token replies are OAuth 2.0's own (RFC 6749), without our envelope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from application.identity.grant_client_token import ClientToken, GrantClientToken, GrantClientTokenCommand
from application.identity.log_in import LogIn, LogInCommand
from application.identity.log_out import LogOut, LogOutCommand
from application.identity.queries import AccountQueries, UserView, user_view
from application.identity.refresh_session import RefreshSession, RefreshSessionCommand
from application.identity.register_user import RegisterUser, RegisterUserCommand
from application.identity.token_pairs import TokenPair
from application.identity.update_profile import UpdateProfile, UpdateProfileCommand
from application.shared.permissions import Permission
from domain.identity.api_key_errors import InvalidClient, ScopeNotGranted
from domain.identity.errors import InvalidCredentials, InvalidRefreshToken
from domain.identity.user import PROFILE, Registration
from domain.shared.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from entrypoints.http.auth_bodies import (
    LogInBody,
    LogOutBody,
    OAuthRefusal,
    ProfilePatch,
    RefreshBody,
    RegisterBody,
    TokenReply,
)
from entrypoints.http.decoding import body_decoder
from entrypoints.http.dispatch import json_body
from entrypoints.http.errors import TooLarge, UnsupportedMediaType
from entrypoints.http.oauth import (
    FORM,
    NO_STORE,
    OAuthError,
    client_credentials,
    form_fields,
    oauth_error,
    required,
    scopes_of,
    spelled,
)
from entrypoints.http.operation import Call, NoQuery, Operation, Reply
from entrypoints.http.rate_limits import LimitClass

_log_in = body_decoder(LogInBody)
_log_out = body_decoder(LogOutBody)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthOverHttp:
    """The use cases and queries these operations call."""

    register_user: RegisterUser
    log_in: LogIn
    refresh_session: RefreshSession
    grant_client_token: GrantClientToken
    log_out: LogOut
    update_profile: UpdateProfile
    accounts: AccountQueries

    async def register(self, call: Call[RegisterBody, NoQuery]) -> Reply:
        body = call.body
        registration = Registration(email=body.email, first_name=body.first_name, last_name=body.last_name)
        view = await self.register_user(
            RegisterUserCommand(trace=call.trace, registration=registration, password=body.password)
        )
        return Reply(data=view, location="/api/v1/auth/me")

    async def token(self, call: Call[LogInBody, NoQuery]) -> Reply:
        if call.request.mimetype == FORM:
            try:
                return await self._granted(call, form_fields(await call.request.body))
            except OAuthError as error:
                return oauth_error(error)
        body = _log_in(await json_body(call.request))
        return tokens(await self._logged_in(call, body.email, body.password))

    async def refresh(self, call: Call[RefreshBody, NoQuery]) -> Reply:
        return tokens(await self._refreshed(call, call.body.refresh_token))

    async def end(self, call: Call[LogOutBody, NoQuery]) -> Reply:
        everywhere = False
        if await call.request.body:  # a request without a body ends this session
            everywhere = _log_out(await json_body(call.request)).all
        await self.log_out(LogOutCommand(principal=call.principal, everywhere=everywhere))
        return Reply()

    async def me(self, call: Call[None, NoQuery]) -> Reply:
        user = await self.accounts.account(call.principal.user_id)
        # One address shows everybody their own account: a cache has to tell them apart.
        return Reply(data=user_view(user), version=user.version, headers={"Vary": "Authorization"})

    async def patch_me(self, call: Call[ProfilePatch, NoQuery]) -> Reply:
        given = {name: getattr(call.body, name) for name in PROFILE}
        user = await self.update_profile(
            UpdateProfileCommand(
                principal=call.principal,
                patch={name: value for name, value in given.items() if value is not UNSET},
                expected_version=call.expected_version(),
            )
        )
        return Reply(data=user_view(user), version=user.version, headers={"Vary": "Authorization"})

    async def _granted(self, call: Call[Any, Any], fields: Mapping[str, str]) -> Reply:
        grant = fields.get("grant_type")
        try:
            if grant == "password":
                username, password = required(fields, "username"), required(fields, "password")
                return tokens(await self._logged_in(call, username, password))
            if grant == "refresh_token":
                return tokens(await self._refreshed(call, required(fields, "refresh_token")))
            if grant == "client_credentials":
                return client_token(await self._granted_to_client(call, fields))
        except (InvalidCredentials, InvalidRefreshToken) as error:
            raise OAuthError("invalid_grant", error.detail) from error
        except InvalidClient as error:
            raise OAuthError("invalid_client", error.detail) from error
        except ScopeNotGranted as error:
            raise OAuthError("invalid_scope", error.detail) from error
        if grant is None:
            raise OAuthError("invalid_request", "grant_type is missing")
        listed = "password, refresh_token or client_credentials"
        raise OAuthError("unsupported_grant_type", f"grant_type must be {listed}")

    async def _granted_to_client(self, call: Call[Any, Any], fields: Mapping[str, str]) -> ClientToken:
        client = client_credentials(call.request, fields)
        return await self.grant_client_token(
            GrantClientTokenCommand(
                client_id=client.client_id, client_secret=client.client_secret, scopes=scopes_of(fields)
            )
        )

    async def _logged_in(self, call: Call[Any, Any], email: str, password: str) -> TokenPair:
        await call.count_attempt(email)  # before anything is read or hashed
        agent = call.request.headers.get("User-Agent")
        command = LogInCommand(trace=call.trace, email=email, password=password, user_agent=agent)
        return await self.log_in(command)

    async def _refreshed(self, call: Call[Any, Any], refresh_token: str) -> TokenPair:
        return await self.refresh_session(
            RefreshSessionCommand(trace=call.trace, refresh_token=refresh_token)
        )


def tokens(pair: TokenPair) -> Reply:
    """A pair as OAuth 2.0 shows it."""
    shown = TokenReply(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        token_type=pair.token_type,
        expires_in=pair.expires_in,
    )
    return Reply(raw=msgspec.json.encode(shown), headers=NO_STORE)


def client_token(token: ClientToken) -> Reply:
    """A program's token as OAuth 2.0 shows it: without a refresh token (RFC 6749, 4.4.3)."""
    shown = TokenReply(
        access_token=token.access_token,
        token_type="bearer",  # noqa: S106  # the name of a scheme
        expires_in=token.expires_in,
        scope=spelled(token.scopes),
    )
    return Reply(raw=msgspec.json.encode(shown), headers=NO_STORE)


def operations(auth: AuthOverHttp) -> Sequence[Operation[Any, Any]]:
    """Register, log in, stay logged in, log out, and one's own account."""
    return [
        Operation(
            method="POST",
            path="/auth/register",
            handler=auth.register,
            summary="Open an account",
            tag="auth",
            permission=None,
            limit=LimitClass.REGISTRATION,
            body=RegisterBody,
            reply=UserView,
            status=201,
            raises=(InvalidInput, Conflict, Unavailable),
        ),
        Operation(
            method="POST",
            path="/auth/token",
            handler=auth.token,
            summary="Log in, or refresh",
            tag="auth",
            permission=None,
            limit=LimitClass.LOGIN,
            body=LogInBody,
            raw_body=True,
            reply=TokenReply,
            raw_reply=True,
            media_types=("application/json", FORM),
            raises=(InvalidInput, NotAuthenticated, Unavailable, UnsupportedMediaType, TooLarge),
            plain_refusals={400: OAuthRefusal, 401: OAuthRefusal},
            description=(
                "A JSON body logs in, and is refused with problem documents. A form follows OAuth 2.0: "
                "`grant_type=password` with `username` (the e-mail address) and `password`, "
                "`grant_type=refresh_token` with `refresh_token`, or `grant_type=client_credentials` with an "
                "API key's id or prefix as `client_id` and its secret (or the whole key) as `client_secret`, "
                "in the form or as HTTP Basic, and with fewer scopes where `scope` names them; it is refused "
                "with 400, or 401 for a client, and the error object of RFC 6749, 5.2."
            ),
        ),
        Operation(
            method="POST",
            path="/auth/refresh",
            handler=auth.refresh,
            summary="Trade a refresh token for the next pair",
            tag="auth",
            permission=None,
            body=RefreshBody,
            reply=TokenReply,
            raw_reply=True,
            raises=(InvalidInput, NotAuthenticated, Unavailable),
            description=(
                "A refresh token is good once; using it again ends its session. Of requests that present "
                "one token at the same time, one is answered and the others are refused."
            ),
        ),
        Operation(
            method="POST",
            path="/auth/logout",
            handler=auth.end,
            summary="End this session, or every session",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            body=LogOutBody,
            raw_body=True,
            optional_body=True,
            status=204,
            raises=(InvalidInput,),
            description="Without a body, this session ends.",
        ),
        Operation(
            method="GET",
            path="/auth/me",
            handler=auth.me,
            summary="Read one's own account",
            tag="auth",
            permission=Permission.ACCOUNT_READ,
            reply=UserView,
            raises=(NotFound,),
        ),
        Operation(
            method="PATCH",
            path="/auth/me",
            handler=auth.patch_me,
            summary="Change one's own profile",
            tag="auth",
            permission=Permission.ACCOUNT_WRITE,
            body=ProfilePatch,
            reply=UserView,
            raises=(InvalidInput, NotFound, PreconditionFailed),
            conditional=True,
            media_types=("application/merge-patch+json", "application/json"),
        ),
    ]
