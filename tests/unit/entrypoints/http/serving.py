"""An application of a few operations, for the tests that ask them over HTTP."""

from collections.abc import Sequence
from typing import Any

from quart import Quart

from entrypoints.http.app import create_app
from entrypoints.http.cursors import Cursors
from entrypoints.http.dispatch import Dispatcher
from entrypoints.http.operation import Operation
from tests.unit.application.identity.rig import Rig


def serving(rig: Rig, operations: Sequence[Operation[Any, Any]]) -> Quart:
    """These operations alone, for the accounts of the rig."""
    dispatcher = Dispatcher(authenticate=rig.authenticate, cursors=Cursors(b"k" * 32), clock=rig.clock)
    return create_app(dispatcher, operations, version="0", max_body=100_000)
