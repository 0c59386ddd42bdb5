"""What text XML 1.0 can hold."""

import re

# Control characters, but for tab and line ends, and two that are no characters: not even as references.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
REPLACEMENT = "\ufffd"


def held(text: str) -> str:
    """The text with a replacement character in place of each one that cannot be written."""
    return _FORBIDDEN.sub(REPLACEMENT, text)
