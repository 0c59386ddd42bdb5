"""Two accounts by turns over one database connection: none ever sees a row of the other."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from tests.e2e.api.client import Client, Contract
from tests.e2e.api.processes import Deployment, Process
from tests.e2e.api.wire import Connection, request
from tests.e2e.api.world import Account, entity_body, made, new_account

REQUESTS = 10_000
CONCURRENCY = 16


@pytest.fixture
def narrow(deployed: Deployment) -> Iterator[Process]:
    """An API process with a pool of one."""
    process = deployed.serve(DATABASE_POOL_SIZE="1")
    yield process
    assert process.stop() == 0


def questions(mine: Account, theirs: Account) -> list[tuple[bytes, int]]:
    """What one account asks about itself and about the other, and the status it has to get."""
    token = mine.token
    own, other = mine.ids["entity_id"], theirs.ids["entity_id"]
    return [
        (request("GET", "/api/v1/entities", token), 200),
        (request("GET", f"/api/v1/entities/{other}", token), 404),
        (request("GET", f"/api/v1/entities/{own}", token), 200),
        (request("GET", f"/api/v1/entities/{other}/neighborhood", token), 404),
        (request("PATCH", f"/api/v1/entities/{own}", token, {"confidence": 0.5}), 200),
        (request("PATCH", f"/api/v1/entities/{other}", token, {"confidence": 0.5}), 404),
        (request("GET", "/api/v1/auth/me", token), 200),
        (request("GET", f"/api/v1/graph/paths?source={own}&target={other}", token), 404),
    ]


async def test_ten_thousand_requests_by_turns(narrow: Process, nobody: Client, contract: Contract) -> None:
    pair = [new_account(nobody), new_account(nobody)]
    for account in pair:
        account.ids["entity_id"] = made(account, "/entities", entity_body(account))
    numbers = itertools.count()
    mixed = [
        [(sent, status, mine.mark.encode(), theirs.mark.encode()) for sent, status in questions(mine, theirs)]
        for mine, theirs in (pair, reversed(pair))
    ]
    answered = 0

    async def ask_on() -> None:
        nonlocal answered
        async with Connection(narrow.port) as connection:
            while (number := next(numbers)) < REQUESTS:
                turn = mixed[number % 2]
                sent, expected, mine, theirs = turn[number // 2 % len(turn)]
                answer = await connection.ask(sent)
                assert answer.status == expected, answer
                assert theirs not in answer.body
                assert expected != 200 or mine in answer.body
                answered += 1

    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(ask_on())
    assert answered == REQUESTS
