"""Hands out credentials to the adapters that call a provider, and keeps them under the present key."""

from application.credentials.ports import CredentialSealer, CredentialUnitOfWork
from application.credentials.queries import CredentialQueries
from application.shared.ports import StartWork
from application.shared.principal import Principal, Role, Trace
from domain.credentials.credential import Credential, Provider
from domain.credentials.errors import CredentialNotFound
from domain.shared.ids import UserId
from domain.shared.secret import Secret


class CredentialVault:
    """Opened for one use at a time; nothing is remembered."""

    def __init__(
        self,
        start_work: StartWork[CredentialUnitOfWork],
        credentials: CredentialQueries,
        sealer: CredentialSealer,
    ) -> None:
        self._start_work = start_work
        self._credentials = credentials
        self._sealer = sealer

    async def reveal(self, user_id: UserId, provider: Provider) -> Secret:
        """The user's token at a provider, sealed anew when its key is an old one.

        Raises `CredentialNotFound`, `CredentialUnreadable`, `CredentialsKeyMissing`.
        """
        credential = await self._credentials.find(user_id, provider)
        if credential is None:
            raise CredentialNotFound
        token = self._sealer.open(credential)
        if credential.key_id != self._sealer.key_id:
            await self._reseal(credential, token)
        return token

    async def reseal(self, credential: Credential) -> bool:
        """Seals a credential with the present key; False when it was replaced or deleted meanwhile.

        Raises `CredentialUnreadable`, `CredentialsKeyMissing`.
        """
        return await self._reseal(credential, self._sealer.open(credential))

    async def _reseal(self, credential: Credential, token: Secret) -> bool:
        sealed = self._sealer.seal(token, credential.user_id, credential.provider)
        # Nothing that anybody could notice happens to the account, so there is no event and no one to name.
        principal = Principal(
            user_id=credential.user_id, role=Role.USER, trace=Trace(request_id=str(credential.id))
        )
        async with self._start_work(principal) as work:
            done = await work.credentials.reseal(credential, sealed, self._sealer.key_id)
            await work.commit()
        return done
