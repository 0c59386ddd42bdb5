"""Hashing: right, off the loop, and bounded."""

import asyncio
import threading
from collections.abc import Iterator

import bcrypt
import pytest

from adapters.security.common_passwords import is_common_password
from adapters.security.passwords import BcryptPasswordHasher
from domain.identity.errors import TooBusy


@pytest.fixture
def hasher() -> Iterator[BcryptPasswordHasher]:
    hasher = BcryptPasswordHasher(cost=4)
    yield hasher
    hasher.close()


@pytest.mark.parametrize("password", ["correct horse battery", "x" * 73, "x" * 10_000, "ab\0cd", "\ud800"])
async def test_knows_its_own_hashes(hasher: BcryptPasswordHasher, password: str) -> None:
    stored = await hasher.hash(password)
    assert stored.startswith("$2b$04$")
    assert await hasher.verify(password, stored)
    assert not await hasher.verify(password + "x", stored)


async def test_uses_all_of_a_long_password(hasher: BcryptPasswordHasher) -> None:
    assert not await hasher.verify("x" * 100 + "b", await hasher.hash("x" * 100 + "a"))


async def test_takes_both_spellings_of_one_character(hasher: BcryptPasswordHasher) -> None:
    assert await hasher.verify("pa\u0308ssword", await hasher.hash("p\u00e4ssword"))


async def test_salts(hasher: BcryptPasswordHasher) -> None:
    assert await hasher.hash("twice the same") != await hasher.hash("twice the same")


async def test_works_as_hard_for_an_unknown_account(
    hasher: BcryptPasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bytes] = []
    genuine = bcrypt.checkpw

    def watched(password: bytes, hashed: bytes) -> bool:
        checked.append(hashed)
        return genuine(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", watched)
    assert not await hasher.verify("whatever it is", None)
    assert [hashed[:7] for hashed in checked] == [b"$2b$04$"]


async def test_refuses_when_too_many_wait_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher, gate = BcryptPasswordHasher(cost=4, threads=1, waiting=1), threading.Event()
    genuine = bcrypt.hashpw

    def gated(password: bytes, salt: bytes) -> bytes:
        gate.wait(10)
        return genuine(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", gated)
    running = [asyncio.create_task(hasher.hash("a password")) for _ in range(2)]
    await asyncio.sleep(0)  # lets both take their places
    try:
        with pytest.raises(TooBusy):
            await hasher.hash("one too many")
        running[1].cancel()  # who gives up leaves the line
        async with asyncio.timeout(10):
            running.append(asyncio.create_task(_eventually(hasher)))
            gate.set()
            assert (await running[0]).startswith("$2b$")
            assert (await running[2]).startswith("$2b$")
    finally:
        gate.set()
        await asyncio.gather(*running, return_exceptions=True)
        hasher.close()


async def _eventually(hasher: BcryptPasswordHasher) -> str:
    while True:
        try:
            return await hasher.hash("another password")
        except TooBusy:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    "password",
    [
        "PassWord1234",
        "passwordpassword",
        "qwertyuiop123",
        "123456789012",
        "098765432109",
        "000000000000",
        "121212121212",
        "123456123456",
    ],
)
def test_knows_what_is_tried_first(password: str) -> None:
    assert is_common_password(password)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "kgl-demo-7141-walk", "839204718263", "zzyzx road 99"]
)
def test_lets_others_pass(password: str) -> None:
    assert not is_common_password(password)
