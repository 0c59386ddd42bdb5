"""What a key may be asked for, when it opens nothing, and how it is spelled."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from domain.identity.api_key import (
    LONGEST_LIFE,
    ApiKey,
    KeyHolder,
    WantedKey,
    narrowed,
    new_api_key,
    objection,
)
from domain.identity.api_key_events import api_key_created, api_key_revoked
from domain.identity.api_key_text import PREFIX_LENGTH, SECRET_LENGTH, joined, key_text, parsed
from domain.shared.errors import InvalidInput
from domain.shared.ids import ApiKeyId, UserId
from domain.shared.roles import Role
from domain.shared.scopes import Scope

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEXT = key_text("aB3" + "x" * (PREFIX_LENGTH - 3), "s" * SECRET_LENGTH)
WANTED = WantedKey(name="ci", scopes=[Scope.READ])


def made(wanted: WantedKey = WANTED, role: Role = Role.USER) -> ApiKey:
    return new_api_key(UserId(UUID(int=1)), ApiKeyId(UUID(int=2)), TEXT.prefix, wanted, role=role, now=NOW)


def pointers(wanted: WantedKey, role: Role = Role.USER) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        made(wanted, role)
    return [each.pointer for each in refused.value.violations]


def test_makes_a_key_that_lasts_until_it_is_revoked() -> None:
    key = made(replace(WANTED, name="  ci  ", scopes=[Scope.WRITE, Scope.WRITE, Scope.READ]))
    assert (key.name, key.scopes, key.expires_at) == ("ci", frozenset({Scope.READ, Scope.WRITE}), None)


def test_ends_a_key_when_it_is_told_to() -> None:
    assert made(replace(WANTED, expires_in=60)).expires_at == NOW + timedelta(minutes=1)
    east = (NOW + timedelta(days=1)).astimezone(timezone(timedelta(hours=5)))
    expires_at = made(replace(WANTED, expires_at=east)).expires_at
    assert expires_at == east
    assert expires_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        (replace(WANTED, name=" "), "/name"),
        (replace(WANTED, name="x" * 101), "/name"),
        (replace(WANTED, name="a\0"), "/name"),
        (replace(WANTED, scopes=[]), "/scopes"),
        (replace(WANTED, scopes=[Scope.READ, Scope.ADMIN]), "/scopes/1"),
        (replace(WANTED, expires_in=59), "/expires_in"),
        (replace(WANTED, expires_in=10**30), "/expires_in"),
        (replace(WANTED, expires_in=60, expires_at=NOW + timedelta(days=1)), "/expires_in"),
        (replace(WANTED, expires_at=NOW), "/expires_at"),
        (replace(WANTED, expires_at=NOW + LONGEST_LIFE + timedelta(seconds=1)), "/expires_at"),
        (replace(WANTED, expires_at=datetime(2027, 1, 1)), "/expires_at"),  # noqa: DTZ001  # that is the point
        (
            replace(WANTED, expires_at=datetime.max.replace(tzinfo=timezone(-timedelta(hours=9)))),
            "/expires_at",
        ),
    ],
)
def test_points_at_what_is_wrong(wanted: WantedKey, pointer: str) -> None:
    assert pointers(wanted) == [pointer]


def test_only_administrators_make_keys_that_administer() -> None:
    wanted = replace(WANTED, scopes=[Scope.ADMIN])
    assert pointers(wanted, Role.MODERATOR) == ["/scopes/0"]
    assert made(wanted, Role.ADMIN).scopes == frozenset({Scope.ADMIN})


@pytest.mark.parametrize(
    ("changed", "active", "reason"),
    [
        ({}, True, None),
        ({"expires_at": NOW + timedelta(seconds=1)}, True, None),
        ({"expires_at": NOW}, True, "expired_api_key"),
        ({"revoked_at": NOW}, True, "revoked_api_key"),
        ({}, False, "account_inactive"),
    ],
)
def test_says_why_a_key_opens_nothing(changed: dict[str, datetime], active: bool, reason: str | None) -> None:
    key = replace(made(), **changed)  # type: ignore[arg-type]  # both are moments
    assert objection(KeyHolder(key=key, role=Role.USER, is_active=active), NOW) == reason


def test_grants_no_more_than_the_key_has() -> None:
    read, write, admin = (frozenset({scope}) for scope in Scope)
    assert narrowed(write, frozenset()) == write
    assert narrowed(write, read) == read
    assert narrowed(write, read | write) == read | write
    assert narrowed(write, admin) is None
    assert narrowed(read, read | write) is None


def test_a_key_is_spelled_so_that_it_is_recognised() -> None:
    assert TEXT.whole.startswith(f"kgl_{TEXT.prefix}_{'s' * SECRET_LENGTH}")
    assert parsed(TEXT.whole) == TEXT
    assert joined(TEXT.prefix, TEXT.secret) == TEXT
    assert TEXT.secret not in repr(TEXT)


@pytest.mark.parametrize("place", [0, 4, 9, 14, 15, 20, 57, 58, 63])
def test_no_changed_character_goes_unnoticed(place: int) -> None:
    text = TEXT.whole
    assert parsed(text[:place] + ("y" if text[place] != "y" else "z") + text[place + 1 :]) is None


@pytest.mark.parametrize(
    "text", ["", "kgl_", "kgl__", "kgl_a_b", TEXT.whole + "0", TEXT.whole[:-1], "kgl_é", "\ud800"]
)
def test_what_cannot_be_a_key_is_none(text: str) -> None:
    assert parsed(text) is None


def test_events_show_the_key_and_nothing_of_its_secret() -> None:
    key = made(replace(WANTED, expires_in=60))
    for event in (api_key_created(key), api_key_revoked(key, NOW)):
        assert event.subject == key.id
        assert set(event.data) == {
            "id",
            "name",
            "prefix",
            "scopes",
            "created_at",
            "expires_at",
            "last_used_at",
        }
        assert (event.data["scopes"], event.data["prefix"]) == (["read"], TEXT.prefix)
