"""The signing keys of an installation that lives in one process."""

from collections.abc import Sequence

from application.identity.key_ports import SigningKeyStore
from domain.identity.signing_key import KeyChange, StoredKey
from domain.operations.audit import NOBODY, AuditEntry


class InMemorySigningKeyStore(SigningKeyStore):
    """The keys by `kid`, and the audit log their changes go to."""

    def __init__(self, audit: list[AuditEntry] | None = None) -> None:
        self._keys: dict[str, StoredKey] = {}
        self.audit = [] if audit is None else audit

    async def keys(self) -> Sequence[StoredKey]:
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.kid))

    async def replace(self, seen: Sequence[StoredKey], keys: Sequence[StoredKey], change: KeyChange) -> bool:
        if {(key.kid, key.state) for key in seen} != {(key.kid, key.state) for key in self._keys.values()}:
            return False
        self._keys = {key.kid: key for key in keys}
        self.audit.append(
            AuditEntry(
                user_id=NOBODY,
                actor_id=NOBODY,
                action=change.action.value,
                resource_id=NOBODY,
                occurred_at=change.occurred_at,
                outcome="success",
                request_id=change.request_id,
                address=None,
            )
        )
        return True
