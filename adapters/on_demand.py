"""Libraries few requests need, imported at the first one: the API process starts sooner and stays lean."""

from importlib import import_module
from types import ModuleType

_KNOWN: dict[str, "_OnDemand"] = {}


class _OnDemand(ModuleType):
    """Stands for a module until something of it is asked for. `importlib.util.LazyLoader` would do the same,
    if two threads could ask at once before Python 3.12.3."""

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self.__name__), name)


def on_demand(name: str) -> ModuleType:
    """The module of this name, imported when something of it is first asked for.

    Import it plainly under `TYPE_CHECKING`, and assign this in the `else`: the checkers see the module then.
    """
    return _KNOWN.setdefault(name, _OnDemand(name))


def load_all() -> None:
    """Imports them now: for a process that would rather start later than answer its first message late."""
    for name in sorted(_KNOWN):
        import_module(name)
