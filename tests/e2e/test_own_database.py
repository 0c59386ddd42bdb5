"""The way a deployment starts: provision, migrate, then serve and consume from a server of one's own."""

import json
import secrets
import signal
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.e2e.system import System
from tests.servers.postgres import PostgresTestServer


@pytest.fixture
def urls(postgres_server: PostgresTestServer) -> Iterator[dict[str, str]]:
    mark = secrets.token_hex(4)
    names = {"DATABASE_URL": f"app_{mark}", "MIGRATION_DATABASE_URL": f"owner_{mark}"}
    parts = urlsplit(postgres_server.dsn)
    host = parts.netloc.rpartition("@")[2]
    made = {
        variable: urlunsplit(parts._replace(netloc=f"{role}:secret@{host}", path=f"/kgl_{mark}"))
        for variable, role in names.items()
    }
    yield {**made, "ADMIN_DATABASE_URL": postgres_server.dsn}
    postgres_server.drop_database(postgres_server.database_dsn(f"kgl_{mark}"))
    postgres_server.execute(*(f'drop role if exists "{role}"' for role in names.values()))


def test_everything_runs_on_a_server_of_ones_own(fresh: Callable[..., System], urls: dict[str, str]) -> None:
    admin = urls.pop("ADMIN_DATABASE_URL")
    system = fresh(**urls)
    without = system.kgl("migrate", "provision")
    assert (without.returncode, without.stderr) == (2, "kgl: ADMIN_DATABASE_URL: is not set\n")
    for _ in range(2):  # running it again changes nothing
        assert system.kgl("migrate", "provision", ADMIN_DATABASE_URL=admin).returncode == 0
    assert system.kgl("migrate", "check").returncode == 1
    unmigrated = system.kgl("serve", JWT_SECRET=secrets.token_hex(32))
    assert unmigrated.returncode != 0
    assert "kgl migrate upgrade" in unmigrated.stderr
    assert "Traceback" not in unmigrated.stderr
    assert system.kgl("migrate", "upgrade").returncode == 0
    assert json.loads(system.kgl("migrate", "check", "--json").stdout)["current"] is True
    told = system.start()
    assert told["ingested"]["failures"] == 0
    assert not (system.data / "postgres").exists()
    assert system.stop(signal.SIGTERM) == 0
    assert system.kgl("migrate", "downgrade", "--", "-1").returncode == 0
    assert system.kgl("migrate", "check").returncode == 1
    *applied, back = json.loads(system.kgl("migrate", "history", "--json").stdout)
    assert [step["is_rollback"] for step in (*applied, back)] == [False] * len(applied) + [True]
    assert back["version"] == applied[-1]["version"]
