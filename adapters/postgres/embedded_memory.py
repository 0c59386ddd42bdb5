"""How much of the machine's memory the embedded server takes for pages, and expects of the file system."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1 << 20
# Of control groups, version 2 and 1: what a container may use.
LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def available(limits: tuple[Path, ...] = LIMITS) -> int:
    """Bytes of memory that this process may use: the machine's, or less in a container."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in limits:
        text = limit.read_text().strip() if limit.is_file() else ""
        if text.isdigit():
            found = min(found, int(text))
    return found


def memory_options(memory: int) -> Mapping[str, str]:
    """Settings for a machine with so many bytes, of which our own processes need their part, too.

    An eighth for pages, 128 MiB to 1 GiB: the graph of a million relationships then stays in it. Postgres
    takes from the system only what it has used.
    """
    pages = min(max(memory // 8, 128 * MEBIBYTE), 1024 * MEBIBYTE)
    cache = max(memory // 2, 512 * MEBIBYTE)
    return {
        "shared_buffers": f"{pages // MEBIBYTE}MB",
        "effective_cache_size": f"{cache // MEBIBYTE}MB",
    }
