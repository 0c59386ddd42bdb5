"""A secret that nothing prints by accident: logs, errors and debuggers see that it is there, and no more."""

import hmac
from typing import Final, NoReturn

HIDDEN: Final = "***"


class Secret:
    """A text that only `reveal` tells."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for whoever it is meant for."""
        return self._text

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]  # how Python spells a class that cannot be a key

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")
