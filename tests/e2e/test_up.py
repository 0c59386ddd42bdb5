"""`kgl up`: from nothing to a graph with one command, and back again in good order, whatever happens."""

import json
import os
import signal
import socket
from collections.abc import Callable
from functools import partial

import httpx
import psutil
import pytest

from entrypoints.cli.first_start import SAMPLES
from tests.e2e.system import System, eventually
from tests.servers.running import running

Fresh = Callable[..., System]


def documents(system: System) -> list[str]:
    with system.client() as client:
        rows = client.get("/documents", params={"limit": 200}).json()["data"]
    return sorted(row["title"] for row in rows)


def sample_count() -> int:
    return sum(1 for path in SAMPLES.rglob("*") if path.suffix in (".md", ".txt"))


def test_the_first_start_makes_a_graph_and_the_second_repeats_nothing(fresh: Fresh) -> None:
    system = fresh()
    first = system.start()
    assert first["ingested"]["documents"] == sample_count()
    assert first["ingested"]["failures"] == 0
    assert first["ingested"]["entities"] > 0
    assert first["ingested"]["relationships"] > 0
    before = documents(system)
    assert system.stop(signal.SIGINT) == 0
    second = system.start()
    assert second["ingested"] is None
    assert second["demo"] == first["demo"]
    assert documents(system) == before
    assert system.stop(signal.SIGTERM) == 0


def test_ending_takes_every_process_along(fresh: Fresh) -> None:
    system = fresh()
    system.start("--no-demo")
    tree = system.tree()
    assert len(tree) >= 4
    assert system.stop() == 0
    assert running(tree) == []


def test_an_idle_api_process_stays_small(fresh: Fresh) -> None:
    system = fresh()
    system.start("--no-demo")
    (serve,) = system.children("serve")
    assert serve.memory_info().rss < 120_000_000


def test_killing_the_supervisor_leaves_nothing_behind_and_loses_nothing(fresh: Fresh) -> None:
    system = fresh()
    system.start()
    before = documents(system)
    tree = system.tree()
    system.stop(signal.SIGKILL)
    eventually(lambda: not running(tree), "every child ends with its supervisor")
    system.start()
    assert documents(system) == before


def test_a_first_start_that_was_killed_is_completed_by_the_next(fresh: Fresh) -> None:
    system = fresh()
    system.launch()
    eventually(lambda: "first start" in system.stderr(), "the samples are being read", within=90)
    tree = system.tree()
    system.stop(signal.SIGKILL)
    eventually(lambda: not running(tree), "every child ends with its supervisor")
    system.start()
    assert len(documents(system)) == sample_count()
    with system.client() as client:
        waiting = client.get("/documents", params={"status": "pending"}).json()["data"]
    assert waiting == []


def has_another(system: System, command: str, before: list[psutil.Process]) -> bool:
    return any(each not in before for each in system.children(command))


def test_a_crashed_part_comes_back(fresh: Fresh) -> None:
    system = fresh()
    system.start("--no-demo")
    killed = {command: system.children(command) for command in ("serve", "consume")}
    for processes in killed.values():
        for process in processes:
            process.kill()
    for command, before in killed.items():
        eventually(partial(has_another, system, command, before), f"{command} is started again")
    eventually(lambda: ready(system), "the API is ready again")
    assert "`kgl serve` ended unexpectedly (signal SIGKILL)" in system.stderr()
    assert system.stop() == 0


def test_a_crashed_database_comes_back(fresh: Fresh) -> None:
    system = fresh()
    system.start()
    before = documents(system)
    process_id = int((system.data / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(process_id, signal.SIGKILL)
    eventually(lambda: "the embedded Postgres ended unexpectedly" in system.stderr(), "the crash is noticed")
    eventually(lambda: ready(system), "the API is ready again")
    assert documents(system) == before


def ready(system: System) -> bool:
    try:
        return httpx.get(f"{system.url}/health/ready", timeout=30, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def refused(system: System, code: int, line: str) -> None:
    system.launch()
    assert system.ended() == code
    said = system.stderr().strip().splitlines()
    assert len(said) == 1, said
    assert line in said[0]


def test_a_busy_port_is_one_clear_line(fresh: Fresh) -> None:
    system = fresh()
    with socket.socket() as other:
        other.bind(("127.0.0.1", system.port))
        other.listen()
        refused(system, 1, f"kgl: cannot listen on 127.0.0.1:{system.port}: already in use")


def test_a_file_in_the_way_is_one_clear_line(fresh: Fresh) -> None:
    system = fresh()
    system.data.write_text("in the way")
    refused(system, 1, f"kgl: DATA_DIR {system.data} cannot be used: ")


def test_a_wrong_variable_is_one_clear_line(fresh: Fresh) -> None:
    refused(fresh(ACCESS_TOKEN_LIFETIME="never"), 2, "kgl: ACCESS_TOKEN_LIFETIME: ")


def test_a_data_directory_in_use_is_one_clear_line(fresh: Fresh) -> None:
    system = fresh()
    system.start("--no-demo")
    refused(fresh(DATA_DIR=str(system.data)), 1, f"kgl: another `kgl up` already runs on {system.data}")


def test_a_database_that_is_not_there_is_one_clear_line(fresh: Fresh) -> None:
    nowhere = "postgresql://kgl_app:x@127.0.0.1:1/kgl"
    refused(
        fresh(DATABASE_URL=nowhere, MIGRATION_DATABASE_URL=nowhere), 1, "kgl: the database does not answer: "
    )


@pytest.mark.parametrize("name", ["secrets.json", "demo.json"])
def test_what_is_secret_is_readable_by_its_owner_alone(system: System, name: str) -> None:
    assert (system.data / name).stat().st_mode & 0o777 == 0o600


def test_no_secret_is_in_an_argument_or_in_a_log(system: System) -> None:
    secrets = json.loads((system.data / "secrets.json").read_text())
    hidden = [*secrets.values(), system.told["demo"]["password"]]
    arguments = " ".join(system.arguments())
    logs = " ".join(path.read_text() for path in (system.data / "logs").iterdir())
    assert [secret for secret in hidden if secret in arguments or secret in logs] == []
