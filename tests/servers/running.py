"""Which processes still run; one may end between two questions about it."""

from collections.abc import Sequence

import psutil


def running(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended, whether or not somebody has taken note of their end."""
    return [each for each in processes if _runs(each)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
