"""Which e-mail addresses an account can have, and when two of them are the same."""

import re

from domain.shared.checks import Checks

EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3, as corrected by erratum 1690
LOCAL_LENGTH = 64

# The dot-atom of RFC 5322; quoted local parts and address literals exist on paper only.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def email_address(raw: str) -> str | None:
    """The address as it is kept and compared: in lower case, its domain in ASCII. None for what is none."""
    local, at, domain = raw.strip().lower().rpartition("@")
    if not at or len(local) > LOCAL_LENGTH or len(domain) > EMAIL_LENGTH:
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = ascii_domain.split(".")
    plausible = (
        _LOCAL.fullmatch(local)
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdecimal()
        and len(local) + 1 + len(ascii_domain) <= EMAIL_LENGTH
    )
    return f"{local}@{ascii_domain}" if plausible else None


def checked_email(checks: Checks, raw: str) -> str:
    """The address as it is kept; what is none is noted."""
    email = email_address(raw)
    if email is None:
        checks.refuse("/email", "not_an_email_address", "must be an e-mail address such as name@example.com")
        return ""
    return email
