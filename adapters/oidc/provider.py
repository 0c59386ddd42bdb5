"""One OpenID provider: Authlib writes the requests of the code flow with PKCE, joserfc reads the tokens."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from adapters.oidc.config import ProviderConfig
from adapters.oidc.id_token import (
    Disbelieved,
    Expected,
    PublicKey,
    believed,
    fitting,
    header_of,
    public_keys,
)
from adapters.oidc.metadata import ProviderMetadata, discovery_url, metadata_of
from adapters.oidc.remembered import Remembered
from adapters.oidc.web import Unreachable, Web
from adapters.on_demand import on_demand
from application.identity.oidc_ports import Answer, IdentityProvider, PendingLogin
from application.shared.ports import Clock
from domain.identity.errors import LoginDenied, ProviderUnavailable, UntrustedIdentity
from domain.identity.external_identity import Assertion

if TYPE_CHECKING:
    from authlib.oauth2 import client
    from authlib.oauth2.rfc6749 import parameters
else:
    client = on_demand("authlib.oauth2.client")
    parameters = on_demand("authlib.oauth2.rfc6749.parameters")

LIFETIME: Final = timedelta(hours=1)
# A token may name a key that is newer than ours; what anybody could make up is not looked for all the time.
KEY_PATIENCE: Final = timedelta(seconds=30)
FORM: Final = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
# Errors that the person at the browser, or what they came back with, is the cause of; others are ours.
THEIRS: Final = frozenset({"invalid_grant", "invalid_request", "access_denied"})

log = structlog.get_logger()


class OidcProvider(IdentityProvider):
    """`redirect_uri` is made of the settings, never of a request's Host."""

    def __init__(self, name: str, config: ProviderConfig, redirect_uri: str, web: Web, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._redirect_uri = redirect_uri
        self._web = web
        self._clock = clock
        self._metadata = Remembered(self._discover, clock, LIFETIME)
        self._keys = Remembered(self._published_keys, clock, LIFETIME)

    async def authorization_url(self, pending: PendingLogin) -> str:
        metadata = await self._known()
        url, _ = self._client(metadata).create_authorization_url(
            metadata.authorization_endpoint,
            state=pending.state,
            nonce=pending.nonce,
            code_verifier=pending.code_verifier,
        )
        return str(url)

    async def assertion(self, answer: Answer, pending: PendingLogin) -> Assertion:
        metadata = await self._known()
        # RFC 9207: an answer of another provider is not sent on to this one, and its errors are not believed.
        if answer.issuer != self._config.issuer and (metadata.names_itself or answer.issuer is not None):
            raise self._untrusted("the answer is another issuer's")
        if answer.error is not None:
            log.info("identity_provider_refused", provider=self._name, error=answer.error[:64])
            raise LoginDenied
        if not answer.code:
            raise self._untrusted("the answer has neither code nor error")
        try:
            tokens = await self._redeemed(metadata, answer.code, pending.code_verifier)
            claims = await self._believed(metadata, tokens, pending.nonce)
            return self._asserted(await self._completed(metadata, tokens, claims))
        except Unreachable as error:
            raise self._unavailable(error) from error
        except Disbelieved as error:
            raise self._untrusted(str(error)) from error

    def _client(self, metadata: ProviderMetadata) -> "client.OAuth2Client":
        return client.OAuth2Client(
            session=None,
            client_id=self._config.client_id,
            client_secret=self._config.client_secret or None,
            token_endpoint_auth_method=metadata.token_auth_method,
            scope=" ".join(self._config.scopes),
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )

    async def _redeemed(self, metadata: ProviderMetadata, code: str, code_verifier: str) -> Mapping[str, Any]:
        """The token reply. Raises `LoginDenied`, `Unreachable`."""
        body = parameters.prepare_token_request(
            "authorization_code", code=code, redirect_uri=self._redirect_uri, code_verifier=code_verifier
        )
        auth = self._client(metadata).client_auth(metadata.token_auth_method)
        url, headers, body = auth.prepare("POST", metadata.token_endpoint, dict(FORM), body)
        reply = await self._web.fetch("POST", url, headers=headers, content=body)
        if reply.status >= 500:
            raise Unreachable(f"the token endpoint answers {reply.status}")
        tokens = reply.json_object()
        error = tokens.get("error")
        if error in THEIRS:
            log.info("identity_provider_refused", provider=self._name, error=error)
            raise LoginDenied
        if reply.status != 200 or error is not None:
            raise Unreachable(f"the token endpoint answers {reply.status} {str(error)[:64]}")
        return tokens

    async def _believed(
        self, metadata: ProviderMetadata, tokens: Mapping[str, Any], nonce: str
    ) -> Mapping[str, Any]:
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise Disbelieved("the token reply has no ID token")
        algorithm, kid = header_of(token, metadata.algorithms)
        keys = fitting(await self._keys.get(), algorithm, kid)
        if not keys:
            keys = fitting(await self._keys.get(no_older_than=KEY_PATIENCE), algorithm, kid)
        expected = Expected(
            issuer=self._config.issuer,
            client_id=self._config.client_id,
            nonce=nonce,
            algorithms=metadata.algorithms,
        )
        return believed(token, keys, algorithm, expected, self._clock.now())

    async def _completed(
        self, metadata: ProviderMetadata, tokens: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The claims with those of the UserInfo endpoint, which is where some providers keep the address
        (OpenID Connect Core 1.0, 5.4)."""
        access_token = tokens.get("access_token")
        if "email" in claims or metadata.userinfo_endpoint is None or not isinstance(access_token, str):
            return claims
        if not access_token.isascii() or not access_token.isprintable():
            raise Disbelieved("the access token is none")
        bearer = {"Authorization": f"Bearer {access_token}"}
        more = await self._web.document(metadata.userinfo_endpoint, bearer)
        if more.get("sub") != claims["sub"]:
            raise Disbelieved("the user's information is somebody else's")
        return {**more, **claims}

    def _asserted(self, claims: Mapping[str, Any]) -> Assertion:
        return Assertion(
            provider=self._name,
            issuer=self._config.issuer,
            subject=claims["sub"],
            email=text(claims, "email"),
            # Anything but the JSON value true, such as "false", is no.
            email_verified=claims.get("email_verified") is True,
            first_name=text(claims, "given_name"),
            last_name=text(claims, "family_name"),
        )

    async def _known(self) -> ProviderMetadata:
        try:
            return await self._metadata.get()
        except Unreachable as error:
            raise self._unavailable(error) from error

    async def _discover(self) -> ProviderMetadata:
        return metadata_of(await self._web.document(discovery_url(self._config.issuer)), self._config)

    async def _published_keys(self) -> list[PublicKey]:
        metadata = await self._metadata.get()
        return public_keys(await self._web.document(metadata.jwks_uri))

    def _unavailable(self, error: Unreachable) -> ProviderUnavailable:
        log.warning("identity_provider_failed", provider=self._name, reason=str(error))
        return ProviderUnavailable()

    def _untrusted(self, reason: str) -> UntrustedIdentity:
        log.warning("identity_provider_not_believed", provider=self._name, reason=reason)
        return UntrustedIdentity()


def text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that is text; what is something else counts as absent."""
    value = claims.get(name)
    return value if isinstance(value, str) else None
