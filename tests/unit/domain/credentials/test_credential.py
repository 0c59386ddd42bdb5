"""What may be seen of a credential, and what it must look like."""

import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from domain.credentials.credential import Provider, first_version, masked, require_presentable
from domain.shared.errors import InvalidInput
from domain.shared.secret import Secret

TOKEN = "sk-proj-0123456789abcdefWXYZ"


@pytest.mark.parametrize(
    ("provider", "token", "shown"),
    [
        (Provider.OPENAI, TOKEN, "sk-...WXYZ"),
        (Provider.HUGGINGFACE, "hf_0123456789abcdefWXYZ", "hf_...WXYZ"),
        (Provider.HUGGINGFACE, TOKEN, "...WXYZ"),
        (Provider.OPENAI, "x" * 16 + "WXYZ", "...WXYZ"),
        (Provider.OPENAI, "x" * 15 + "WXYZ", "..."),
        (Provider.OPENAI, "sk-short", "..."),
    ],
)
def test_shows_how_it_begins_and_ends_if_that_tells_nothing(
    provider: Provider, token: str, shown: str
) -> None:
    assert masked(provider, Secret(token)) == shown


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "too_short"),
        ("sk-1234", "too_short"),
        ("x" * 1001, "too_long"),
        ("sk-1234 5678", "bad_character"),
        ("sk-12345678\n", "bad_character"),
        ("sk-12345678\r\nX-Evil: 1", "bad_character"),
        ("sk-1234567é", "bad_character"),
        ("sk-1234567\x7f", "bad_character"),
    ],
)
def test_refuses_what_no_header_can_carry_without_repeating_it(token: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        require_presentable(Secret(token))
    assert [(each.pointer, each.code) for each in refused.value.violations] == [("/token", code)]
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("token", ["x" * 8, "x" * 1000, "!~sk-+/=._"])
def test_takes_everything_else(token: str) -> None:
    require_presentable(Secret(token))


def test_later_beginnings_have_higher_versions() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    first, second = first_version(now), first_version(now + timedelta(microseconds=1))
    assert second == first + 1
    assert len(str(first)) <= 18, "an If-Match has no more digits"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(TOKEN)
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr([secret])):  # noqa: UP031 - every way there is
        assert TOKEN not in shown
    assert secret.reveal() == TOKEN
    assert secret == Secret(TOKEN)
    assert secret != Secret("other")
    assert secret != TOKEN
    for leak in (pickle.dumps, copy.copy, hash):
        with pytest.raises(TypeError):
            leak(secret)
