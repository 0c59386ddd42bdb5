"""Which passwords an account can have (NIST SP 800-63B: length and no common ones, no composition rules)."""

import re
from collections.abc import Callable

from domain.identity.email import email_address
from domain.shared.checks import Checks

SHORTEST = 12
LONGEST = 128
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def check_password(
    checks: Checks,
    password: str,
    email: str,
    is_common: Callable[[str], bool],
    pointer: str = "/password",
) -> None:
    """Notes why this password would not protect the account of `email`. Counts code points."""
    if _NOT_TEXT.search(password):
        checks.refuse(pointer, "not_text", "must not contain U+0000 or lone surrogates")
    elif len(password) < SHORTEST:
        checks.refuse(pointer, "too_short", f"must have at least {SHORTEST} characters")
    elif len(password) > LONGEST:
        checks.refuse(pointer, "too_long", f"must have at most {LONGEST} characters")
    elif is_common(password):
        checks.refuse(pointer, "too_common", "is among the passwords that are tried first")
    elif email and email_address(password) == email:
        checks.refuse(pointer, "same_as_email", "must not be the e-mail address")
