"""The keys tokens are signed with: of the environment, or the set in the database that rotates."""

from dependency_injector import providers

from adapters.postgres.signing_keys import PostgresSigningKeyStore
from adapters.security.key_set import RingOfStoredKeys, SealedKeyMaker
from application.identity.rotate_signing_keys import EnsureSigningKeys, RotateSigningKeys
from entrypoints import policies
from entrypoints.containers.core import Core


class Signing(Core):
    """Keys, and what changes them."""

    key_ring = providers.Singleton(policies.key_ring, Core.settings)
    signing_keys = providers.Singleton(PostgresSigningKeyStore, Core.database)
    key_maker = providers.Singleton(SealedKeyMaker, Core.settings.provided.credentials_key)
    key_holder = providers.Singleton(RingOfStoredKeys, key_ring, key_maker, Core.clock)
    ensure_signing_keys = providers.Singleton(
        EnsureSigningKeys, signing_keys, key_maker, Core.clock, Core.ids
    )
    rotate_signing_keys = providers.Singleton(
        RotateSigningKeys,
        signing_keys,
        key_maker,
        Core.clock,
        Core.ids,
        honoured_for=providers.Singleton(policies.honoured_for, Core.settings),
    )
