"""Every operation with the application's own tenant filters taken out: the database alone tells nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from entrypoints.http.operation import Operation
from tests.e2e.api.cases import CASES, is_administrative, perform
from tests.e2e.api.client import Client, Contract, ids_in
from tests.e2e.api.declared import declared, name_of
from tests.e2e.api.processes import Deployment, Process, deployment
from tests.e2e.api.rows import TENANT_TABLES
from tests.e2e.api.strangers import tells_nothing
from tests.e2e.api.things import fresh_credential
from tests.e2e.api.world import Account, new_account, populate
from tests.servers.database import MigratedServer
from tests.servers.postgres import PostgresTestServer, run_apart

Declared = Operation[Any, Any]

# Functions of the database that filter by themselves, for speed.
FILTERING: Final = """
select pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname like 'backend\\_%' and not p.prosecdef and p.prosrc ~ 'user_id = tenant'
"""
# Nothing of any account is in these replies, or nothing but counts.
NOTHING_TO_LEAK: Final = {"GET /ai/providers", "GET /graph/stats"}
# What is in these looks the same in every account: see those who have nothing.
ALIKE: Final = {
    "GET /settings/credentials",
    "GET /settings/credentials/{provider}",
    "GET /settings/graph",
    # A file's refusals tell where and why; two entities without a common neighbour have none to show.
    "GET /graph/jobs/{job_id}/errors",
    "GET /graph/jobs/{job_id}/warnings",
    "GET /graph/common-neighbors",
    # One row an account, read first: whose it is without the filter is chance.
    "GET /graph/schema",
    "GET /graph/schema/settings",
    "GET /graph/schema/violations",
    "GET /graph/schema/entity-types/{type}",
    "GET /graph/schema/relationship-types/{type}",
}
READINGS = [
    operation
    for operation in declared()
    if operation.method == "GET" and operation.rule is not None and not is_administrative(operation)
    if name_of(operation) not in NOTHING_TO_LEAK | ALIKE
]
OWN = [operation for operation in declared() if not is_administrative(operation)]


@dataclass(frozen=True, slots=True)
class Unfiltered:
    """A deployment whose statements have lost their filters, and two accounts made in it."""

    deployment: Deployment
    api: Process
    functions: int
    tables: list[str]
    owner: Account
    stranger: Account


def without_functions_filters(dsn: str) -> tuple[int, list[str]]:
    """Takes the filters out of the database's own functions, too; how many functions had one, and the
    tables whose rows belong to somebody."""
    changed: list[str] = []
    tables: list[str] = ["backend_auth.users"]

    async def replace() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for (definition,) in await connection.fetch(FILTERING):
                changed.append(re.sub(r"(?:\w+\.)?user_id = tenant\b", "tenant is not null", definition))
                await connection.execute(changed[-1])
            tables.extend(row[0] for row in await connection.fetch(TENANT_TABLES))
        finally:
            await connection.close()

    run_apart(replace())
    return len(changed), tables


def client_of(api: Process) -> Client:
    """A client without a token of this process."""
    document = httpx.get(f"{api.url}/api/v1/openapi.json", timeout=20, trust_env=False).json()
    return Client(api.url, Contract(document))


@pytest.fixture(scope="module")
def unfiltered(migrated_server: MigratedServer, environment: dict[str, str]) -> Iterator[Unfiltered]:
    logins = migrated_server.create_database()
    functions, tables = without_functions_filters(logins.owner_url)
    with deployment(logins, **environment) as made:
        made.module = "tests.e2e.api.unfiltered"
        made.consume()
        api = made.serve()
        nobody = client_of(api)
        accounts = [new_account(nobody) for _ in range(2)]
        for account in accounts:
            populate(account)
            fresh_credential(account)
        yield Unfiltered(made, api, functions, tables, *accounts)
        nobody.close()
    migrated_server.drop_database(logins)


@pytest.mark.parametrize("operation", declared(), ids=name_of)
def test_the_database_alone_tells_a_stranger_nothing(operation: Declared, unfiltered: Unfiltered) -> None:
    tells_nothing(operation, unfiltered.owner, unfiltered.stranger)


@pytest.mark.parametrize("operation", OWN, ids=name_of)
def test_the_owner_is_served_without_the_filters_as_well(operation: Declared, unfiltered: Unfiltered) -> None:
    case, owner = CASES[name_of(operation)], unfiltered.owner
    things = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
    reply = perform(operation, owner, things)
    assert reply.status_code == case.owner, reply.text
    assert not ids_in(reply) & unfiltered.stranger.known


def test_the_filters_really_were_taken_out(unfiltered: Unfiltered) -> None:
    seen = [
        line
        for process in unfiltered.deployment.processes
        for line in process.log_lines()
        if line["event"] == "filters_removed"
    ]
    assert [line["statement"] for line in seen if line["left"]] == []
    assert sum(line["removed"] > 0 for line in seen) > 40, "statements that had a filter"
    assert unfiltered.functions > 3
    # What had no filter to lose only adds rows, or reads what belongs to nobody.
    tables = "|".join(map(re.escape, unfiltered.tables))
    reading = re.compile(rf"\b(?:from|join|update|using)\s+(?:{tables})\b(?!\()", re.IGNORECASE)
    assert [
        each["statement"] for each in seen if not each["removed"] and reading.search(each["statement"])
    ] == []


@pytest.fixture(scope="module")
def unconfined(unfiltered: Unfiltered, postgres_server: PostgresTestServer) -> Iterator[Account]:
    """The stranger, at a process with the same statements whose login bypasses row level security."""
    url = urlsplit(unfiltered.deployment.logins.runtime_url)
    role = f"bypass_{uuid4().hex[:8]}"
    postgres_server.execute(
        f"create role {role} login bypassrls password 'secret' in role \"{url.username}\""
    )
    login = urlunsplit(url._replace(netloc=f"{role}:secret@{url.netloc.rpartition('@')[2]}"))
    api = unfiltered.deployment.serve(DATABASE_URL=login, UNCONFINED="1")
    nobody, stranger = client_of(api), unfiltered.stranger
    yield Account(
        client=nobody.speaking(stranger.token),
        email=stranger.email,
        mark=stranger.mark,
        user_id=stranger.user_id,
        refresh_token=stranger.refresh_token,
    )
    nobody.close()
    api.stop()
    postgres_server.execute(f"drop role {role}")


@pytest.mark.parametrize("operation", READINGS, ids=name_of)
def test_it_is_row_level_security_that_holds_them_back(
    operation: Declared, unfiltered: Unfiltered, unconfined: Account
) -> None:
    owner = unfiltered.owner
    case = CASES[name_of(operation)]
    things = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
    reply = perform(operation, unconfined, things)
    assert reply.status_code == case.owner, reply.text
    leaked = ids_in(reply) & (owner.known | set(things.values()))
    assert leaked or owner.mark in reply.text, "without it, somebody else's would show"


def test_who_has_no_credentials_sees_none(unfiltered: Unfiltered, unconfined: Account) -> None:
    bystander = new_account(unfiltered.owner.client.speaking(None)).client
    assert bystander.data("/settings/credentials") == []
    assert bystander.get("/settings/credentials/openai").status_code == 404
    exposed = unconfined.client.speaking(bystander.token)
    assert exposed.data("/settings/credentials") != []
    assert exposed.get("/settings/credentials/openai").status_code == 200
