"""What OAuth 2.0 clients that we did not write look for beside tokens, where the standards put it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from application.identity.introspect_token import Introspection, IntrospectToken, IntrospectTokenCommand
from application.identity.key_ports import PublishedKeys
from application.identity.ports import TokenUse
from application.identity.revoke_token import RevokeToken, RevokeTokenCommand
from application.shared.permissions import Permission
from domain.identity.api_key_text import MARK
from domain.identity.errors import TokenOfKey
from domain.shared.errors import Unavailable
from domain.shared.scopes import Scope
from entrypoints.http.auth_bodies import OAuthRefusal
from entrypoints.http.errors import UnsupportedMediaType
from entrypoints.http.oauth import FORM, NO_STORE, OAuthError, form_fields, oauth_error, required, spelled
from entrypoints.http.oauth_bodies import IntrospectionReply, KeySetReply, MetadataReply, Taken, TokenForm
from entrypoints.http.operation import Call, NoQuery, Operation, Reply

# Whoever keeps the keys that long knows the next one when it signs: rotations are further apart than that.
FRESH: Final = "public, max-age=300"
API: Final = "/api/v1"
GRANTS: Final = ["password", "refresh_token", "client_credentials"]
SECRETS: Final = ["none", "client_secret_basic", "client_secret_post"]

Handle = Callable[[Call[Any, NoQuery]], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServer:
    """The use cases these operations call. `public_url` is where clients reach the server, empty to believe
    the address they used."""

    keys: PublishedKeys
    revoke_token: RevokeToken
    introspect_token: IntrospectToken
    issuer: str
    audience: str
    public_url: str

    async def jwks(self, _: Call[None, NoQuery]) -> Reply:
        shown = KeySetReply([dict(key) for key in self.keys.public()])
        return Reply(raw=msgspec.json.encode(shown), headers={"Cache-Control": FRESH})

    async def metadata(self, call: Call[None, NoQuery]) -> Reply:
        base = (self.public_url or call.request.host_url).rstrip("/")
        shown = MetadataReply(
            issuer=self.issuer,
            token_endpoint=f"{base}{API}/auth/token",
            revocation_endpoint=f"{base}{API}/auth/revoke",
            introspection_endpoint=f"{base}{API}/auth/introspect",
            jwks_uri=f"{base}/.well-known/jwks.json",
            service_documentation=f"{base}{API}/docs",
            scopes_supported=[scope.value for scope in Scope],
            response_types_supported=[],  # there is no authorization endpoint
            grant_types_supported=GRANTS,
            token_endpoint_auth_methods_supported=SECRETS,
            revocation_endpoint_auth_methods_supported=["none"],
            introspection_endpoint_auth_methods_supported=["Bearer"],
        )
        # What one request's Host header decided must not be kept for the next one.
        caching = {"Cache-Control": FRESH if self.public_url else "no-store"}
        return Reply(raw=msgspec.json.encode(shown), headers=caching)

    async def revoke(self, call: Call[Any, NoQuery]) -> Reply:
        token = await token_of(call)
        if token.startswith(MARK):
            raise OAuthError("unsupported_token_type", "an API key is deleted under /auth/api-keys")
        try:
            await self.revoke_token(RevokeTokenCommand(trace=call.trace, token=token))
        except TokenOfKey as error:
            raise OAuthError("unsupported_token_type", error.detail) from error
        return Reply(raw=b"{}", headers=NO_STORE)

    async def introspect(self, call: Call[Any, NoQuery]) -> Reply:
        token = await token_of(call)
        found = await self.introspect_token(IntrospectTokenCommand(principal=call.principal, token=token))
        shown = IntrospectionReply(active=False) if found is None else self.shown(found)
        return Reply(raw=msgspec.json.encode(shown), headers=NO_STORE)

    def shown(self, found: Introspection) -> IntrospectionReply:
        """A token that is good, as the standard tells it."""
        claims = found.claims
        reply = IntrospectionReply(
            active=True,
            client_id=claims.client_id,
            exp=int(claims.expires_at.timestamp()),
            iat=int(claims.issued_at.timestamp()),
            sub=str(claims.user_id),
            aud=self.audience,
            iss=self.issuer,
            jti=str(claims.token_id),
            role=claims.role.value,
        )
        if found.use is TokenUse.ACCESS:
            reply.token_type = "Bearer"  # noqa: S105  # the name of a scheme
        if claims.scopes is not None:
            reply.scope = spelled(claims.scopes)
        if claims.session_id is not None:
            reply.sid = str(claims.session_id)
        if claims.authenticated_at is not None:
            reply.auth_time = int(claims.authenticated_at.timestamp())
        return reply


async def token_of(call: Call[Any, NoQuery]) -> str:
    """The token in the request's form. Raises `UnsupportedMediaType` and `OAuthError`."""
    if call.request.mimetype != FORM:
        raise UnsupportedMediaType(f"send {FORM}, not {call.request.mimetype or 'an unnamed media type'}")
    return required(form_fields(await call.request.body), "token")


def refusing(handle: Handle) -> Handle:
    """The handler, with what it refuses in the words of OAuth 2.0."""

    async def handled(call: Call[Any, NoQuery]) -> Reply:
        try:
            return await handle(call)
        except OAuthError as error:
            return oauth_error(error)

    return handled


def operations(server: AuthorizationServer) -> Sequence[Operation[Any, Any]]:
    """Keys and metadata outside the API's prefix, revocation and introspection beside the tokens."""
    return [
        Operation(
            method="GET",
            path="/.well-known/jwks.json",
            handler=server.jwks,
            summary="Read the public keys tokens are checked with",
            tag="auth",
            permission=None,
            reply=KeySetReply,
            raw_reply=True,
            prefix="",
            description=(
                "RFC 7517. The key that signs next is there before it signs. Empty while tokens are signed "
                "with a shared secret (`JWT_SECRET`)."
            ),
        ),
        Operation(
            method="GET",
            path="/.well-known/oauth-authorization-server",
            handler=server.metadata,
            summary="Read where OAuth 2.0 clients find what they need",
            tag="auth",
            permission=None,
            reply=MetadataReply,
            raw_reply=True,
            prefix="",
            description="RFC 8414. Addresses begin with `PUBLIC_URL`, else with the one this request used.",
        ),
        Operation(
            method="POST",
            path="/auth/revoke",
            handler=refusing(server.revoke),
            summary="Take a token back",
            tag="auth",
            permission=None,
            body=TokenForm,
            reply=Taken,
            raw_body=True,
            raw_reply=True,
            media_types=(FORM,),
            raises=(Unavailable,),
            plain_refusals={400: OAuthRefusal},
            description=(
                "RFC 7009. Ends the session of an access or refresh token, with all its tokens; holding the "
                "token is enough. 200 for a token that is unknown or not good any more. API keys, and the "
                "tokens they get, are refused with `unsupported_token_type`: they end with the key."
            ),
        ),
        Operation(
            method="POST",
            path="/auth/introspect",
            handler=refusing(server.introspect),
            summary="Ask whether a token is good, and what it says",
            tag="auth",
            permission=Permission.ACCOUNT_READ,
            body=TokenForm,
            reply=IntrospectionReply,
            raw_body=True,
            raw_reply=True,
            media_types=(FORM,),
            plain_refusals={400: OAuthRefusal},
            description=(
                "RFC 7662. One's own tokens; an administrator's question is answered for everybody's. Any "
                'other token is `{"active": false}`.'
            ),
        ),
    ]
