"""Seals credentials of providers under `CREDENTIALS_KEY`, each for the one row it may be opened in."""

from adapters.security.sealing import CannotOpen, Sealer
from application.credentials.ports import CredentialSealer
from domain.credentials.credential import Credential, Provider
from domain.credentials.errors import CredentialsKeyMissing, CredentialUnreadable
from domain.shared.ids import UserId
from domain.shared.secret import Secret


def place(user_id: UserId, provider: Provider) -> bytes:
    """Where a credential belongs; the id is of one length, so no two places are spelled alike."""
    return b"backend_auth.provider_credentials\0" + user_id.bytes + provider.value.encode()


class AesGcmCredentialSealer(CredentialSealer):
    """`keys` are those of `CREDENTIALS_KEY`, in base64 with commas between; without any it only says so."""

    def __init__(self, keys: str) -> None:
        self._sealer = Sealer.of(keys) if keys else None

    @property
    def key_id(self) -> str:
        return self._present().key_id

    def seal(self, token: Secret, user_id: UserId, provider: Provider) -> bytes:
        return self._present().seal(token.reveal().encode(), place(user_id, provider))

    def open(self, credential: Credential) -> Secret:
        try:
            plain = self._present().open(credential.sealed, place(credential.user_id, credential.provider))
        except CannotOpen as error:
            raise CredentialUnreadable from error
        return Secret(plain.decode())

    def _present(self) -> Sealer:
        if self._sealer is None:
            raise CredentialsKeyMissing
        return self._sealer
