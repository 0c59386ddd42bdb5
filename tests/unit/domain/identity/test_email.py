"""Which addresses are addresses."""

import pytest

from domain.identity.email import email_address


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+kgl@Example.ORG ", "ada.lovelace+kgl@example.org"),
        ("o'brien@sub.example.co.uk", "o'brien@sub.example.co.uk"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_keeps_an_address_in_one_spelling(raw: str, kept: str) -> None:
    assert email_address(raw) == kept


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@@example.org",
        "ada@example..org",
        "ada@.example.org",
        "ada@-example.org",
        ".ada@example.org",
        "ada.@example.org",
        "a da@example.org",
        "ada@exam ple.org",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        '"ada"@example.org',
        "ada\n@example.org",
        "ada\0@example.org",
        "ada@example.org\nbcc: eve@example.org",
        "\ud800@example.org",
        "ada@\ud800.org",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org",
        "ada@" + ".".join(["a" * 60] * 5) + ".org",
        "ada@" + "." * 100_000,
    ],
)
def test_refuses_what_is_no_address(raw: str) -> None:
    assert email_address(raw) is None
