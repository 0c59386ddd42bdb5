"""The servers as fixtures: one of each for a whole run, started when the first test asks for it."""

from collections.abc import Iterator

import pytest

from adapters.postgres.provision import Logins
from tests.servers.database import MigratedServer, migrated
from tests.servers.postgres import PostgresTestServer, any_postgres
from tests.servers.process import ServerUnavailable
from tests.servers.rabbitmq import PrivateRabbitMQ, RabbitMQTestServer, any_rabbitmq, private_rabbitmq
from tests.servers.redis import RedisTestServer, any_redis


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresTestServer]:
    """A Postgres with pgvector and a superuser; make databases on it with `create_database`."""
    try:
        with any_postgres() as server:
            yield server
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def migrated_server(postgres_server: PostgresTestServer) -> Iterator[MigratedServer]:
    """The same server with a migrated database to copy: `create_database()` gives the logins of a copy."""
    with migrated(postgres_server) as server:
        yield server


@pytest.fixture
def migrated_database(migrated_server: MigratedServer) -> Iterator[Logins]:
    """A fresh, empty, migrated database for one test."""
    logins = migrated_server.create_database()
    yield logins
    migrated_server.drop_database(logins)


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitMQTestServer]:
    """A RabbitMQ shared by all tests: name everything with a prefix of your own."""
    try:
        with any_rabbitmq() as server:
            yield server
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisTestServer]:
    """A Redis shared by all tests: name every key with a prefix of your own."""
    try:
        with any_redis() as server:
            yield server
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def killable_rabbitmq() -> Iterator[PrivateRabbitMQ]:
    """A node that is this test's alone, to be killed and started again."""
    try:
        with private_rabbitmq() as node:
            yield node
    except ServerUnavailable as error:
        pytest.fail(str(error), pytrace=False)
