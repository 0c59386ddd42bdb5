"""A sealed credential opens in its own row, with its own key, and nowhere else."""

from dataclasses import replace

import pytest

from adapters.security.credential_sealer import AesGcmCredentialSealer
from adapters.security.sealing import new_key
from domain.credentials.credential import Credential, Provider
from domain.credentials.errors import CredentialsKeyMissing, CredentialUnreadable
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId
from domain.shared.secret import Secret
from tests.contract.credentials.contract import a_credential
from tests.contract.systems import IDS

TOKEN = Secret("sk-0123456789abcdefWXYZ")
OLD, NEW = new_key(), new_key()


def sealed_with(keys: str) -> Credential:
    sealer, credential = AesGcmCredentialSealer(keys), a_credential(UserId(IDS.new()))
    sealed = sealer.seal(TOKEN, credential.user_id, credential.provider)
    return replace(credential, sealed=sealed, key_id=sealer.key_id)


def test_opens_what_it_sealed() -> None:
    credential = sealed_with(OLD)
    assert AesGcmCredentialSealer(OLD).open(credential) == TOKEN
    assert TOKEN.reveal().encode() not in credential.sealed
    assert credential.sealed != sealed_with(OLD).sealed
    assert "sealed" not in repr(credential)


def test_opens_what_was_sealed_with_the_key_before() -> None:
    credential = sealed_with(OLD)
    both = AesGcmCredentialSealer(f"{NEW},{OLD}")
    assert both.open(credential) == TOKEN
    assert both.key_id == AesGcmCredentialSealer(NEW).key_id != credential.key_id
    with pytest.raises(CredentialUnreadable):
        AesGcmCredentialSealer(NEW).open(credential)


def test_opens_nothing_in_another_row() -> None:
    credential, sealer = sealed_with(OLD), AesGcmCredentialSealer(OLD)
    for moved in (
        replace(credential, user_id=UserId(IDS.new())),
        replace(credential, provider=Provider.HUGGINGFACE),
        replace(credential, sealed=credential.sealed[:-1] + bytes([credential.sealed[-1] ^ 1])),
        replace(credential, sealed=b""),
    ):
        with pytest.raises(CredentialUnreadable):
            sealer.open(moved)


def test_says_which_variable_is_missing() -> None:
    without, credential = AesGcmCredentialSealer(""), sealed_with(OLD)
    for attempt in (
        lambda: without.key_id,
        lambda: without.open(credential),
        lambda: without.seal(TOKEN, credential.user_id, credential.provider),
    ):
        with pytest.raises(CredentialsKeyMissing, match="CREDENTIALS_KEY is not set") as refused:
            attempt()
        assert isinstance(refused.value, Unavailable)
