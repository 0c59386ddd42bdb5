"""Where the tests' own servers keep their files: in memory where there is plenty of it, else on disk."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adapters.postgres.embedded_memory import available

MEMORY: Final = Path("/dev/shm")  # noqa: S108  # the file system itself; a folder of ours is made in it
GIBIBYTE: Final = 1 << 30


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """A folder for one server, gone at the end.

    Thousands of tests copy a database of hundreds of files each, which takes a tenth of the time in memory.
    """
    where = MEMORY if "TMPDIR" not in os.environ and roomy(MEMORY) else None
    with tempfile.TemporaryDirectory(prefix=f"kgl-{name}-", dir=where, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def roomy(place: Path) -> bool:
    """Whether servers can keep files and programs there, without the tests running out of memory for it."""
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    there = os.statvfs(place)
    runs_programs = not there.f_flag & os.ST_NOEXEC
    return runs_programs and there.f_bavail * there.f_frsize > 4 * GIBIBYTE and available() > 12 * GIBIBYTE
