"""A connection that has said its last word reads on while the client still sends, but not for ever."""

import asyncio
from types import SimpleNamespace
from typing import cast
from unittest.mock import create_autospec

import pytest
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from entrypoints.http.hypercorn_protocol.connection import HttpConnection
from entrypoints.http.hypercorn_protocol.state import Limits, Receive, Scope, Send, ServerState


async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("no request is well formed")


class Refused:
    """A connection whose client was told that what it sends is no request, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0
        loop = cast(asyncio.AbstractEventLoop, SimpleNamespace(time=lambda: self.now))
        state = ServerState(
            app=nobody, loop=loop, limits=Limits(), hypercorn=Config(), context=WorkerContext(None)
        )
        self.transport = create_autospec(asyncio.Transport, instance=True)
        self.transport.is_closing.return_value = False
        self.connection = HttpConnection(state)
        self.connection.connection_made(self.transport)
        self.connection.data_received(b"nonsense\r\n\r\n")
        (self.reply,) = (call.args[0] for call in self.transport.write.call_args_list)


@pytest.fixture
def refused() -> Refused:
    return Refused()


def test_closes_its_half_and_waits_for_two_seconds_of_silence(refused: Refused) -> None:
    assert refused.reply.startswith(b"HTTP/1.1 400 ")
    refused.transport.write_eof.assert_called_once_with()
    assert refused.connection.deadline == 102
    refused.now = 101
    refused.connection.data_received(b"more")
    assert refused.connection.deadline == 103
    refused.transport.abort.assert_not_called()


def test_ends_after_thirty_seconds_however_busy_the_client_is(refused: Refused) -> None:
    for _ in range(60):
        refused.now += 1
        refused.connection.data_received(b"more")
    assert refused.connection.deadline == 130
    refused.connection.expire(130)
    refused.transport.abort.assert_called_once_with()


def test_ends_when_much_more_comes_than_any_request_may_have(refused: Refused) -> None:
    piece = bytes(16 * 1024 * 1024)
    for _ in range(17):
        refused.transport.abort.assert_not_called()
        refused.connection.data_received(piece)
    refused.transport.abort.assert_called_once_with()
