"""How an API key is spelled: recognisable to secret scanners, and a mistyped one costs no look-up."""

import re
import zlib
from dataclasses import dataclass, field
from typing import Final

MARK: Final = "kgl_"
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX_LENGTH: Final = 10
# 62 ** 43 > 2 ** 256
SECRET_LENGTH: Final = 43
CHECKSUM_LENGTH: Final = 6

_PREFIX = re.compile(f"[0-9A-Za-z]{{{PREFIX_LENGTH}}}")
_SECRET = re.compile(f"[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyText:
    """`prefix` names the key and is shown, `secret` is not; its last characters check the rest."""

    prefix: str
    secret: str = field(repr=False)

    @property
    def whole(self) -> str:
        """What the program sends."""
        return f"{MARK}{self.prefix}_{self.secret}"


def key_text(prefix: str, random: str) -> KeyText:
    """The key of these two random texts."""
    return KeyText(prefix=prefix, secret=random + checksum(prefix + random))


def is_prefix(text: str) -> bool:
    """Whether this could be a key's prefix."""
    return _PREFIX.fullmatch(text) is not None


def parsed(text: str) -> KeyText | None:
    """The parts of a whole key; None for what cannot be one."""
    prefix, _, secret = text.removeprefix(MARK).partition("_")
    return joined(prefix, secret) if text.startswith(MARK) else None


def joined(prefix: str, secret: str) -> KeyText | None:
    """The key of two parts that came apart; None where they cannot belong together."""
    if not is_prefix(prefix) or not _SECRET.fullmatch(secret):
        return None
    if checksum(prefix + secret[:SECRET_LENGTH]) != secret[SECRET_LENGTH:]:
        return None
    return KeyText(prefix=prefix, secret=secret)


def checksum(text: str) -> str:
    """CRC-32 in six characters of the alphabet."""
    value, found = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        value, digit = divmod(value, len(ALPHABET))
        found = ALPHABET[digit] + found
    return found
