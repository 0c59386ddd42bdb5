"""What is sealed opens for its place and its keys alone, unchanged."""

import base64

import pytest

from adapters.security.sealing import BadSealingKey, CannotOpen, Sealer, new_key

OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()
SECRET, PLACE = b"sk-of-somebody", b"user/openai"


def test_opens_what_it_sealed_and_shows_nothing_of_it() -> None:
    sealed = Sealer.of(NEW).seal(SECRET, PLACE)
    assert SECRET not in sealed
    assert Sealer.of(NEW).open(sealed, PLACE) == SECRET


def test_never_seals_the_same_way_twice() -> None:
    sealer = Sealer.of(NEW)
    assert sealer.seal(SECRET, PLACE) != sealer.seal(SECRET, PLACE)


def test_a_new_key_in_front_seals_while_the_old_one_still_opens() -> None:
    before = Sealer.of(OLD).seal(SECRET, PLACE)
    rotated = Sealer.of(f"{NEW}, {OLD}")
    assert rotated.open(before, PLACE) == SECRET
    assert not rotated.is_current(before)
    after = rotated.seal(before, PLACE)
    assert rotated.is_current(after)
    with pytest.raises(CannotOpen):
        Sealer.of(OLD).open(after, PLACE)


@pytest.mark.parametrize("change", range(60))
def test_refuses_what_was_changed_anywhere(change: int) -> None:
    sealed = bytearray(Sealer.of(NEW).seal(SECRET, PLACE))
    sealed[change % len(sealed)] ^= 1
    with pytest.raises(CannotOpen):
        Sealer.of(NEW).open(bytes(sealed), PLACE)


def test_refuses_what_was_moved_to_another_place_or_cut_short() -> None:
    sealed = Sealer.of(NEW).seal(SECRET, PLACE)
    with pytest.raises(CannotOpen):
        Sealer.of(NEW).open(sealed, b"another/openai")
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            Sealer.of(NEW).open(sealed[:length], PLACE)


@pytest.mark.parametrize("encoded", ["", "secret", "c2hvcnQ=", f"{NEW},", f"{NEW},c2hvcnQ=", "ä" * 44])
def test_refuses_a_key_that_is_none(encoded: str) -> None:
    with pytest.raises(BadSealingKey):
        Sealer.of(encoded)


def test_every_new_key_is_another_one() -> None:
    assert Sealer.of(new_key()).key_id != Sealer.of(new_key()).key_id


def test_shows_no_key() -> None:
    assert NEW not in repr(vars(Sealer.of(NEW)))
