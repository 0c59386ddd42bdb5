"""Credentials of providers: sealed, checked, handed out."""

from dependency_injector import providers

from adapters.postgres.credential_queries import PostgresCredentialQueries
from adapters.providers.credential_check import HttpCredentialCheck, ProviderAddresses
from adapters.security.credential_sealer import AesGcmCredentialSealer
from application.credentials.delete_credential import DeleteCredential
from application.credentials.reseal_credentials import ResealCredentials
from application.credentials.store_credential import StoreCredential
from application.credentials.vault import CredentialVault
from entrypoints.containers.core import Core
from entrypoints.http.credentials import CredentialsOverHttp


class Credentials(Core):
    """What users trust the product with for its calls to others."""

    credential_queries = providers.Singleton(PostgresCredentialQueries, Core.database)
    credential_sealer = providers.Singleton(AesGcmCredentialSealer, Core.settings.provided.credentials_key)
    credential_check = providers.Singleton(
        HttpCredentialCheck,
        providers.Singleton(
            ProviderAddresses,
            openai=Core.settings.provided.openai_base_url,
            huggingface=Core.settings.provided.hugging_face_base_url,
            patience=Core.settings.provided.provider_check_timeout,
        ),
    )
    credential_vault = providers.Singleton(
        CredentialVault, Core.start_work, credential_queries, credential_sealer
    )
    reseal_credentials = providers.Singleton(
        ResealCredentials, credential_queries, credential_vault, credential_sealer
    )
    credentials_over_http = providers.Singleton(
        CredentialsOverHttp,
        store_credential=providers.Singleton(
            StoreCredential,
            start_work=Core.start_work,
            credentials=credential_queries,
            sealer=credential_sealer,
            check=credential_check,
            clock=Core.clock,
            ids=Core.ids,
        ),
        delete_credential=providers.Singleton(DeleteCredential, Core.start_work, Core.clock),
        queries=credential_queries,
    )
