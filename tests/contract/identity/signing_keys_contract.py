"""What every store of signing keys promises, whatever it is made of."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from application.identity.key_ports import SigningKeyStore
from domain.identity.signing_key import (
    KeyAction,
    KeyChange,
    KeyState,
    NewKey,
    StoredKey,
    first_keys,
    rotated,
)
from domain.operations.audit import NOBODY, AuditEntry

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
MONTH = timedelta(days=30)


def a_key(kid: str) -> NewKey:
    return NewKey(kid=kid, sealed=f"sealed {kid}".encode())


def a_change(action: KeyAction = KeyAction.ROTATED) -> KeyChange:
    return KeyChange(id=uuid4(), action=action, occurred_at=NOW, request_id="a-request")


def first(name: str = "1") -> Sequence[StoredKey]:
    return first_keys(a_key(f"current-{name}"), a_key(f"next-{name}"), NOW)


def after(keys: Sequence[StoredKey], days: int, name: str) -> Sequence[StoredKey]:
    return rotated(keys, b"public", a_key(name), NOW + timedelta(days=days), MONTH)


Audited = Callable[[], Awaitable[Sequence[AuditEntry]]]


class SigningKeyStoreContract:
    """A subclass brings the fixtures `store`, and `audited`: the rows of the audit log that are nobody's."""

    async def test_is_empty_at_first(self, store: SigningKeyStore) -> None:
        assert await store.keys() == []

    async def test_gives_back_what_it_was_given_by_age_and_id(self, store: SigningKeyStore) -> None:
        made = first()
        assert await store.replace([], list(reversed(made)), a_change())
        assert await store.keys() == sorted(made, key=lambda key: (key.created_at, key.kid))
        following = after(made, 1, "a")
        assert await store.replace(made, following, a_change())
        found = await store.keys()
        assert [key.kid for key in found] == ["current-1", "next-1", "a"]
        assert list(found) == list(following)
        assert found[0].expires_at == NOW + timedelta(days=31)

    async def test_keeps_what_somebody_else_stored_first(self, store: SigningKeyStore) -> None:
        made = first("a")
        assert await store.replace([], made, a_change())
        assert not await store.replace([], first("b"), a_change())
        assert await store.keys() == made

    async def test_notices_another_rotation(self, store: SigningKeyStore) -> None:
        made = first()
        assert await store.replace([], made, a_change())
        assert await store.replace(made, after(made, 1, "a"), a_change())
        assert not await store.replace(made, after(made, 1, "b"), a_change())
        assert [key.kid for key in await store.keys()] == ["current-1", "next-1", "a"]

    async def test_notices_a_change_of_state(self, store: SigningKeyStore) -> None:
        made = first()
        assert await store.replace([], made, a_change())
        swapped = [
            replace(made[0], state=KeyState.NEXT, activated_at=None),
            replace(made[1], state=KeyState.CURRENT, activated_at=NOW),
        ]
        assert not await store.replace(swapped, after(swapped, 1, "a"), a_change())

    async def test_does_not_mind_the_order_of_what_was_seen(self, store: SigningKeyStore) -> None:
        made = first()
        assert await store.replace([], made, a_change())
        assert await store.replace(list(reversed(made)), after(made, 1, "a"), a_change())

    async def test_drops_what_is_left_out(self, store: SigningKeyStore) -> None:
        made, other = first("a"), first("b")
        assert await store.replace([], made, a_change())
        assert await store.replace(made, other, a_change())
        assert await store.keys() == other

    async def test_of_many_at_once_one_is_the_first(self, store: SigningKeyStore) -> None:
        sets = [first(str(number)) for number in range(20)]
        outcomes = await asyncio.gather(*(store.replace([], keys, a_change()) for keys in sets))
        assert outcomes.count(True) == 1
        assert await store.keys() == sets[outcomes.index(True)]

    async def test_notes_what_was_done_in_the_audit_log_and_what_was_not_it_does_not(
        self, store: SigningKeyStore, audited: Audited
    ) -> None:
        made = first()
        assert await store.replace([], made, a_change(KeyAction.CREATED))
        assert not await store.replace([], first("b"), a_change(KeyAction.REVOKED))
        assert await store.replace(made, after(made, 1, "a"), a_change(KeyAction.ROTATED))
        rows = await audited()
        assert sorted(row.action for row in rows) == ["signing_keys.created", "signing_keys.rotated"]
        assert {(row.user_id, row.actor_id, row.outcome) for row in rows} == {(NOBODY, NOBODY, "success")}
        assert {(row.occurred_at, row.request_id, row.address) for row in rows} == {(NOW, "a-request", None)}
