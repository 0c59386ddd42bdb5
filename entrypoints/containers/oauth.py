"""What OAuth 2.0 clients ask beside tokens: keys, metadata, revocation, introspection."""

from dependency_injector import providers

from adapters.security.key_set import RingOnShow
from application.identity.follow_signing_keys import FollowSigningKeys
from application.identity.introspect_token import IntrospectToken
from application.identity.revoke_token import RevokeToken
from entrypoints.containers.core import Core
from entrypoints.containers.identity import Identity
from entrypoints.http.authorization_server import AuthorizationServer


class OAuth(Identity):
    """The rest of an authorization server."""

    follow_signing_keys = providers.Singleton(
        FollowSigningKeys, Identity.signing_keys, Identity.key_holder, Identity.verifier
    )
    authorization_server = providers.Singleton(
        AuthorizationServer,
        keys=providers.Singleton(RingOnShow, Identity.key_ring),
        revoke_token=providers.Singleton(
            RevokeToken, Core.start_work, Identity.tokens, Identity.verifier, Core.clock
        ),
        introspect_token=providers.Singleton(
            IntrospectToken,
            start_work=Core.start_work,
            reader=Identity.tokens,
            verifier=Identity.verifier,
            programs=Identity.programs,
            clock=Core.clock,
        ),
        issuer=Core.settings.provided.jwt_issuer,
        audience=Core.settings.provided.jwt_audience,
        public_url=Core.settings.provided.public_url,
    )
