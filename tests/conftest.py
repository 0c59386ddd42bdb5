"""What every test may ask for: the real servers."""

from tests.servers.fixtures import (
    killable_rabbitmq,
    migrated_database,
    migrated_server,
    postgres_server,
    rabbitmq_server,
    redis_server,
)

__all__ = [
    "killable_rabbitmq",
    "migrated_database",
    "migrated_server",
    "postgres_server",
    "rabbitmq_server",
    "redis_server",
]
