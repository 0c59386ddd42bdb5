"""Runs a computation in a process of its own: its memory is bounded, its end is certain, and the event loop
of the consumer stays free for everything else."""

import asyncio
import json
import os
import sys
from array import array
from pathlib import Path

from application.graph.analytics import Computed, GraphAlgorithms, GraphSnapshot
from application.shared.messages import Rejected
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters, parameters_data

ROOT = Path(__file__).parents[2]
WORKER = "adapters.analytics.worker"
LENGTH_BYTES = 8
# As in the worker, which is not imported: it brings numpy with it.
UNSETTLED = 3
OUT_OF_MEMORY = 4
# A process that was refused memory in compiled code aborts; one that the system has none for is killed.
STARVED = (OUT_OF_MEMORY, -6, -9)
BLOCK = 1 << 20
LONGEST_COMPLAINT = 2_000
# One computation takes one core: the others are for whoever waits for a reply.
THREADS = ("RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


class ComputationFailed(Exception):
    """The process that computed ended without a result."""


class SubprocessAlgorithms(GraphAlgorithms):
    """`memory` is how many bytes of address space a computation may take."""

    def __init__(self, memory: int) -> None:
        self._memory = memory

    async def compute(
        self, snapshot: GraphSnapshot, kind: AnalyticsKind, parameters: AnalyticsParameters
    ) -> Computed:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # None of the secrets of this process: what computes has no use for them.
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ}
            | {"PYTHONPATH": str(ROOT)}
            | dict.fromkeys(THREADS, "1"),
        )
        try:
            header = {
                "kind": str(kind),
                "parameters": parameters_data(kind, parameters),
                "entities": snapshot.entities,
                "relationships": snapshot.relationships,
                "memory": self._memory,
            }
            _, told, complaint = await asyncio.gather(
                send(process, header, snapshot), read_all(process.stdout), read_all(process.stderr)
            )
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if code == UNSETTLED:
            raise Rejected(complaint.decode(errors="replace").strip())
        if code in STARVED:
            raise Rejected(
                f"the graph needs more memory than a computation may take ({self._memory // 2**20} MiB): "
                "choose relationship types or a higher min_confidence"
            )
        if code != 0:
            raise ComputationFailed(complaint.decode(errors="replace")[-LONGEST_COMPLAINT:])
        return result_of(told)


async def send(process: asyncio.subprocess.Process, header: object, snapshot: GraphSnapshot) -> None:
    """Hands the graph over, and leaves the pipe open: the worker ends when it closes."""
    pipe = process.stdin
    if pipe is None:
        raise ComputationFailed("no pipe to the process")
    encoded = json.dumps(header).encode()
    try:
        pipe.write(len(encoded).to_bytes(LENGTH_BYTES, sys.byteorder) + encoded)
        for numbers in (snapshot.sources, snapshot.targets, snapshot.confidences):
            whole = memoryview(numbers).cast("B")
            for first in range(0, len(whole), BLOCK):
                pipe.write(whole[first : first + BLOCK])
                await pipe.drain()
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It has ended already; how, is told by its exit code.
        return


async def read_all(pipe: asyncio.StreamReader | None) -> bytes:
    return b"" if pipe is None else await pipe.read()


def result_of(told: bytes) -> Computed:
    """The worker's reply."""
    length = int.from_bytes(told[:LENGTH_BYTES], sys.byteorder)
    begin = LENGTH_BYTES + length
    scores = array("d")
    scores.frombytes(told[begin:])
    return Computed(scores=scores, facts=json.loads(told[LENGTH_BYTES:begin]))
