"""The process a computation runs in: reads one graph, writes one result, and dies with its parent.

Run as `python -m adapters.analytics.worker`. Both ways: eight bytes with the length of a JSON header, the
header, then arrays in this machine's byte order.
"""

import json
import os
import resource
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from adapters.analytics.algorithms import Unsettled, compute
from adapters.analytics.graph import Edges
from domain.graph.analytics import AnalyticsKind, parameters_of

LENGTH = struct.Struct("=Q")
NICENESS = 10
# Exit codes: what no retry can help, told on standard error.
UNSETTLED = 3
OUT_OF_MEMORY = 4


def main() -> int:
    """One computation."""
    os.nice(NICENESS)
    given = sys.stdin.buffer
    header = json.loads(exactly(given, LENGTH.unpack(exactly(given, LENGTH.size))[0]))
    resource.setrlimit(resource.RLIMIT_AS, (header["memory"], header["memory"]))
    try:
        edges = read_edges(given, header["entities"], header["relationships"])
        threading.Thread(target=die_with_parent, args=(given,), daemon=True).start()
        begun = time.perf_counter()
        scores, facts = compute(edges, AnalyticsKind(header["kind"]), parameters_of(header["parameters"]))
    except Unsettled as error:
        sys.stderr.write(str(error))
        return UNSETTLED
    except MemoryError:
        return OUT_OF_MEMORY
    told = {**facts, "seconds": round(time.perf_counter() - begun, 3), "peak_memory_bytes": peak_memory()}
    reply = json.dumps(told).encode()
    sys.stdout.buffer.write(LENGTH.pack(len(reply)) + reply)
    sys.stdout.buffer.write(scores.astype(np.float64).tobytes())
    sys.stdout.buffer.flush()
    return 0


def read_edges(given: BinaryIO, entities: int, relationships: int) -> Edges:
    """The arrays of a snapshot."""
    read: dict[str, Any] = {}
    for name, kind in (("sources", np.uint32), ("targets", np.uint32), ("weights", np.float64)):
        read[name] = np.frombuffer(exactly(given, relationships * np.dtype(kind).itemsize), dtype=kind)
    return Edges(
        size=entities,
        sources=read["sources"].astype(np.int64),
        targets=read["targets"].astype(np.int64),
        weights=read["weights"],
    )


def peak_memory() -> int:
    """In bytes. Linux's account of resources would include what the parent had before this program began."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def exactly(given: BinaryIO, length: int) -> bytes:
    """So many bytes; a parent that ends earlier ends this process."""
    read = given.read(length)
    if len(read) < length:
        os._exit(1)
    return read


def die_with_parent(given: BinaryIO) -> None:
    """The parent holds the pipe open as long as it wants the result."""
    given.read(1)
    os._exit(1)


if __name__ == "__main__":
    # Without the clean-up of the interpreter: it would wait for the thread that reads standard input.
    code = main()
    sys.stderr.flush()
    os._exit(code)
