"""Fixtures of the process-level tests: one shared running system, and fresh ones to start and to break."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.system import System


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """A running system for tests that break nothing: `.url`, `.client()`, `.new_account()`, `.kgl()`."""
    shared = System()
    try:
        shared.start()
        yield shared
    finally:
        shared.remove()


@pytest.fixture
def fresh() -> Iterator[Callable[..., System]]:
    """Makes systems that are not started yet; keywords are variables of their environment."""
    made: list[System] = []

    def make(**environment: str) -> System:
        made.append(System(**environment))
        return made[-1]

    yield make
    for each in made:
        each.remove()
