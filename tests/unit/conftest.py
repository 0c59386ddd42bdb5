"""Keeps the collector away from modules and tests that all stay until the end: a tenth of the time."""

import gc

import pytest

gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whatever the tests themselves leave behind is found as ever."""
    gc.freeze()
    gc.enable()
