"""Logging in with OpenID providers."""

from dependency_injector import providers

from adapters.oidc.providers import OidcProviders
from adapters.postgres.external_identities import PostgresExternalIdentityQueries, PostgresSpentLogins
from adapters.security.login_seal import SealedLogins
from application.identity.oidc_accounts import OidcAccounts
from application.identity.oidc_begin_login import BeginOidcLogin
from application.identity.oidc_complete_login import CompleteOidcLogin
from application.identity.oidc_identities import ListIdentities, UnlinkIdentity
from entrypoints import policies
from entrypoints.containers.core import Core
from entrypoints.containers.identity import Identity
from entrypoints.http.oidc import LoginCookie, OidcOverHttp


class Oidc(Identity):
    """The way to providers and back."""

    identity_providers = providers.Singleton(
        OidcProviders,
        providers.Singleton(policies.identity_provider_configs, Core.settings),
        Core.settings.provided.public_url,
        Core.clock,
    )
    login_seal = providers.Singleton(SealedLogins, providers.Singleton(policies.login_sealer, Core.settings))
    external_identity_queries = providers.Singleton(PostgresExternalIdentityQueries, Core.database)
    oidc_over_http = providers.Singleton(
        OidcOverHttp,
        providers=identity_providers,
        begin_login=providers.Singleton(BeginOidcLogin, identity_providers, login_seal, Core.clock),
        complete_login=providers.Singleton(
            CompleteOidcLogin,
            identity_providers,
            login_seal,
            providers.Singleton(PostgresSpentLogins, Core.database),
            providers.Singleton(
                OidcAccounts,
                start_work=Core.start_work,
                accounts=Identity.accounts,
                identities=external_identity_queries,
                pairs=Identity.pairs,
                verifier=Identity.verifier,
                clock=Core.clock,
                ids=Core.ids,
            ),
            Core.clock,
        ),
        list_identities=providers.Singleton(ListIdentities, external_identity_queries),
        unlink_identity=providers.Singleton(UnlinkIdentity, Core.start_work, Core.clock),
        cookie=providers.Singleton(LoginCookie, secure=providers.Singleton(policies.is_https, Core.settings)),
    )
