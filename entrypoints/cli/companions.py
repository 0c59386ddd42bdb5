"""Keeps out what libraries take along because it happens to be installed: a tenth of a process's memory."""

import contextlib
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Final

# structlog would draw tracebacks for terminals with rich, and dependency-injector read settings with the
# others; the processes log JSON, and read their settings themselves.
UNWANTED: Final = frozenset({"rich", "pydantic_settings", "yaml"})


class _Absent:
    """A finder that says of some packages that there are none."""

    def find_spec(self, name: str, *_where: object) -> ModuleSpec | None:
        if name in UNWANTED:
            raise ModuleNotFoundError(f"{name} is left out", name=name)
        return None


@contextlib.contextmanager
def left_out() -> Iterator[None]:
    """What is imported inside finds none of the companions, unless somebody imported them before."""
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)
