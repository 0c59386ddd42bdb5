"""UUIDv7 from a library, monotonic within a process."""

from uuid import UUID

from uuid_utils.compat import uuid7

from application.shared.ports import IdGenerator


class Uuid7Generator(IdGenerator):
    def new(self) -> UUID:
        return uuid7()
