"""P7: neighbourhoods and shortest paths over HTTP, against an embedded native graph engine in process.

Both hold the same graph with the same columns and are asked the same in turn: the nearest `LIMIT` entities
and their relationships, with ids, names, types, confidences and everything else the API shows of them, as
JSON. For the system the time is that of the HTTP request, from the first byte sent to the last one read. For
the engine, queried in process, it is that of the queries, of the rows as Python objects and of encoding them,
as any server around it would have to.

One hop is the same reply from both: the most confident neighbours with all relationships to them. At two and
three hops the engine is asked for less, because it would take many times as long otherwise: it may choose
among equally near entities, and names only the relationships that lead to them, the system all among them.
What the engine takes for entities alone and for ids alone is shown beside, with the system's whole reply as a
multiple of it: those are other questions, for whoever has them.

A start is an end of a random relationship: a reader who follows links arrives at an entity as often as it has
links. Of an entity with a few links the system's time is mostly that of an HTTP request (P1).
"""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from adapters.postgres.engine import driver_dsn
from benchmarks import graphs
from benchmarks.one_connection import Api
from benchmarks.report import Finding
from benchmarks.system import System, register

LIMIT = 200
STEPS = 6
WARM_UP = 5
BOUNDS = {1: 1.0, 2: 1.0, 3: 1.5}
# A step takes few milliseconds, of which chance has its share.
BRIEF = 5


@dataclass(frozen=True, slots=True)
class Question:
    """One request to both: a path for the system, a line of JSON for the engine."""

    path: str
    line: dict[str, Any]


class Engine:
    """The native engine in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, line: dict[str, Any]) -> tuple[float, int]:
        """Milliseconds as it measured them, and the rows of its reply."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the native graph engine has ended: `pip install -e .[bench]` brings it")
        took, rows = json.loads(answer)
        return float(took), int(rows)


@contextmanager
def native_engine(folder: Path) -> Iterator[Engine]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.baselines.native_graph", str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Engine(process)
    finally:
        process.terminate()
        process.wait()


def questions(graph: graphs.Graph, count: int) -> dict[str, list[Question]]:
    """The same starts for every depth, `BRIEF` times as many for one step; pairs for paths."""
    chance = random.Random(11)
    degrees = graph.degrees()

    def drawn(number: int) -> list[str]:
        nodes = chance.choices(range(len(degrees)), weights=degrees, k=number)
        return [str(graph.entity_id(node)) for node in nodes]

    starts, ends = drawn(BRIEF * count), drawn(count)
    found = {
        f"{depth} hop{'s' * (depth > 1)}": [
            Question(
                f"/entities/{start}/neighborhood?{urlencode({'depth': depth, 'limit': LIMIT + 1})}",
                {"kind": "near", "id": start, "depth": depth, "limit": LIMIT},
            )
            for start in (starts if depth == 1 else starts[:count])
        ]
        for depth in BOUNDS
    }
    found["shortest paths"] = [
        Question(
            f"/graph/paths?{urlencode({'source': a, 'target': b, 'max_depth': STEPS, 'limit': 10})}",
            {"kind": "paths", "source": a, "target": b, "depth": STEPS, "limit": 10},
        )
        for a, b in zip(starts[:count], ends, strict=True)
        if a != b
    ]
    return found


def compare(name: str, what: str, asked: Sequence[Question], api: Api, engine: Engine) -> Finding:
    """One kind of question, asked of both in turn, so that each finds the machine as the other left it."""
    ours: list[float] = []
    theirs: list[float] = []
    less: dict[str, list[float]] = {"ids": [], "entities": []}
    sizes: list[tuple[int, int]] = []
    for number, question in enumerate(asked):
        took, body = api.ask(question.path)
        engine_took, rows = engine.ask(question.line)
        if number < WARM_UP:
            continue
        data = json.loads(body)["data"]
        ours.append(took)
        theirs.append(engine_took)
        sizes.append((len(data["paths"]) if "paths" in data else len(data["entities"]) - 1, rows))
    if asked[0].line["kind"] == "near":
        for kind, times in less.items():
            times += [engine.ask({**question.line, "kind": kind})[0] for question in asked[WARM_UP:]]
    # Both must have found equally much.
    assert all(mine == rows for mine, rows in sizes), (name, what, sizes)
    hops = int(what[0]) if what[0].isdigit() else 0
    parts: dict[str, float | str] = {
        "median over HTTP (ms)": median(ours),
        "95th percentile over HTTP (ms)": sorted(ours)[int(len(ours) * 0.95)],
        "median of the native engine in process (ms)": median(theirs),
        "95th percentile of the native engine (ms)": sorted(theirs)[int(len(theirs) * 0.95)],
        "median size of the reply (entities, or paths)": median(mine for mine, _ in sizes),
    }
    for kind, times in less.items():
        if times:
            parts[f"median of the engine for {kind} alone (ms)"] = median(times)
            parts[f"median over HTTP against {kind} alone (x)"] = median(ours) / median(times)
    return Finding(
        target="P7",
        what=f"{what}, {name}: time over HTTP against a native graph engine in process",
        figure=median(ours) / median(theirs),
        bound=BOUNDS.get(hops, 1.0),
        at_most=True,
        parts=parts,
    )


def measured(graph: graphs.Graph, api: Api, folder: Path, count: int) -> list[Finding]:
    graphs.write_csv(graph, folder)
    asked = questions(graph, count)
    with native_engine(folder / "native") as engine:
        engine.ask(asked["1 hop"][0].line)  # loads the graph
        return [compare(graph.name, what, some, api, engine) for what, some in asked.items()]


async def measure(system: System, *, triples: Path | None, count: int = 45) -> list[Finding]:
    """On a power law of 100,000 nodes and 1,000,000 edges, and on real triples when there are some."""
    process, url = await system.serve("p7-serve")
    found = []
    wanted = [graphs.power_law(100_000, 1_000_000)]
    if triples is not None:
        wanted.append(graphs.triples(triples))
    for number, graph in enumerate(wanted):
        user_id, token = await register(url, f"p7-{number}@example.org")
        await graphs.store(graph, UUID(user_id), driver_dsn(system.logins.owner_url))
        folder = system.directory / f"p7-{number}"
        folder.mkdir()
        found += await asyncio.to_thread(measured, graph, Api(url, token), folder, count)
    process.stop()
    return found
