"""Which key signs, which is next and which is still honoured, as time goes by."""

from datetime import UTC, datetime, timedelta

from domain.identity.signing_key import KeyState, NewKey, first_keys, in_state, living, rotated

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


def a_key(kid: str) -> NewKey:
    return NewKey(kid=kid, sealed=b"sealed")


def test_begins_with_a_key_that_signs_and_one_that_is_next() -> None:
    keys = first_keys(a_key("a"), a_key("b"), NOW)
    assert [(key.kid, key.state, key.activated_at) for key in keys] == [
        ("a", KeyState.CURRENT, NOW),
        ("b", KeyState.NEXT, None),
    ]


def test_a_rotation_moves_every_key_on_by_one() -> None:
    later = NOW + timedelta(days=1)
    keys = rotated(first_keys(a_key("a"), a_key("b"), NOW), b"public", a_key("c"), later, MONTH)
    assert [(key.kid, key.state) for key in keys] == [
        ("a", KeyState.RETIRED),
        ("b", KeyState.CURRENT),
        ("c", KeyState.NEXT),
    ]
    retired, current, following = keys
    assert (retired.sealed, retired.expires_at) == (b"public", later + MONTH)
    assert (current.activated_at, current.created_at) == (later, NOW)
    assert following.created_at == later


def test_retired_keys_are_kept_until_their_last_token_ends_and_no_longer() -> None:
    keys = rotated(first_keys(a_key("a"), a_key("b"), NOW), b"public", a_key("c"), NOW, MONTH)
    last = NOW + MONTH - timedelta(microseconds=1)
    assert [key.kid for key in living(keys, last)] == ["a", "b", "c"]
    assert [key.kid for key in living(keys, NOW + MONTH)] == ["b", "c"]
    after = rotated(keys, b"public", a_key("d"), NOW + MONTH, MONTH)
    assert [key.kid for key in after] == ["b", "c", "d"]


def test_several_retired_keys_live_side_by_side() -> None:
    keys = first_keys(a_key("a"), a_key("b"), NOW)
    for kid in "cde":
        keys = rotated(keys, b"public", a_key(kid), NOW, MONTH)
    assert [key.state for key in keys] == [KeyState.RETIRED] * 3 + [KeyState.CURRENT, KeyState.NEXT]
    assert in_state(keys, KeyState.CURRENT) == keys[3]
    assert in_state([], KeyState.CURRENT) is None


def test_shows_nothing_of_a_key() -> None:
    key = NewKey(kid="a", sealed=b"secret")
    assert repr(key) == "NewKey('a')"
    assert [repr(each) for each in first_keys(key, a_key("b"), NOW)] == [
        "StoredKey('a', 'current')",
        "StoredKey('b', 'next')",
    ]
