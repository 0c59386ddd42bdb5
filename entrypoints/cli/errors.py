"""How a command ends badly: one line for people, one number for scripts."""

from typing import Final

FAILURE: Final = 1
USAGE: Final = 2


class CommandError(Exception):
    """The message is one line; `code` 1 says that something failed, 2 that it was asked for wrongly."""

    def __init__(self, message: str, code: int = FAILURE) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code
