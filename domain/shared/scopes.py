"""What a program's key may be used for; shared, because tokens carry it and every operation asks."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key is good for, least first; each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, needed: "Scope") -> bool:
        """Whether whoever holds this scope may do what needs the other one."""
        order = tuple(Scope)
        return order.index(self) >= order.index(needed)
