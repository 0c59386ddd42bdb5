"""Texts nobody can guess, of the operating system's own randomness."""

import secrets
import string

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def random_text(length: int) -> str:
    """A `RandomText`: 5.95 bits a character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
