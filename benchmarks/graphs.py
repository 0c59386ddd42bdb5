"""The graphs that walks are measured on: a power law made from a seed, and triples read from a file."""

import csv
import random
import uuid
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

EXPONENT = 0.7  # weight of the n-th node is n ** -EXPONENT: hubs of some 20,000 edges among 1,000,000
TYPES = tuple(f"type_{number}" for number in range(8))
KINDS = ("person", "organisation", "place", "work")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes are numbered; edge n goes from `sources[n]` to `targets[n]`."""

    name: str
    names: Sequence[str]
    sources: Sequence[int]
    targets: Sequence[int]
    types: Sequence[str]
    confidences: Sequence[float]

    def entity_id(self, node: int) -> uuid.UUID:
        """Ids that look like those of the system; their order says nothing about degrees."""
        return uuid.UUID(int=(0x0195 << 112) | (7 << 76) | (2 << 62) | (node * 2_654_435_761 % (1 << 32)))

    def relationship_id(self, edge: int) -> uuid.UUID:
        return uuid.UUID(int=(0x0196 << 112) | (7 << 76) | (2 << 62) | edge)

    def degrees(self) -> Sequence[int]:
        """How many edges each node has, at either end."""
        found = [0] * len(self.names)
        for ends in (self.sources, self.targets):
            for node in ends:
                found[node] += 1
        return found


def power_law(nodes: int, edges: int, seed: int = 7) -> Graph:
    """Distinct directed edges between ends drawn by weight; few nodes have very many."""
    chance = random.Random(seed)
    total, cumulated = 0.0, []
    for number in range(1, nodes + 1):
        total += number**-EXPONENT
        cumulated.append(total)
    everyone, drawn = range(nodes), set[int]()
    while len(drawn) < edges:
        missing = edges - len(drawn)
        left = chance.choices(everyone, cum_weights=cumulated, k=missing)
        right = chance.choices(everyone, cum_weights=cumulated, k=missing)
        drawn |= {a * nodes + b for a, b in zip(left, right, strict=True) if a != b}
    ordered = sorted(drawn)
    chance.shuffle(ordered)
    return Graph(
        name=f"power law, {nodes:,} nodes, {edges:,} edges",
        names=[f"Node {number}" for number in everyone],
        sources=array("l", (one // nodes for one in ordered)),
        targets=array("l", (one % nodes for one in ordered)),
        types=chance.choices(TYPES, k=edges),
        confidences=[round(chance.random(), 4) for _ in range(edges)],
    )


def triples(path: Path) -> Graph:
    """Lines of `head<TAB>relation<TAB>tail`, each fact once."""
    facts = dict.fromkeys(tuple(line.split("\t")) for line in path.read_text().splitlines() if line)
    numbers: dict[str, int] = {}
    for head, _, tail in facts:
        numbers.setdefault(head, len(numbers))
        numbers.setdefault(tail, len(numbers))
    return Graph(
        name=f"{path.parent.name}, {len(numbers):,} nodes, {len(facts):,} edges",
        names=[*numbers],
        sources=[numbers[head] for head, _, _ in facts],
        targets=[numbers[tail] for _, _, tail in facts],
        types=[relation for _, relation, _ in facts],
        confidences=[1.0] * len(facts),
    )


def entities(graph: Graph, user_id: uuid.UUID) -> Iterator[tuple[object, ...]]:
    """Rows of the entities' table, in the order of `ENTITIES`."""
    for node, name in enumerate(graph.names):
        metadata = f'{{"number": {node}}}'
        made = NOW + timedelta(milliseconds=node)
        yield user_id, graph.entity_id(node), name, KINDS[node % 4], 0.9, "benchmark", metadata, made, made


def relationships(graph: Graph, user_id: uuid.UUID) -> Iterator[tuple[object, ...]]:
    """Rows of the relationships' table, in the order of `RELATIONSHIPS`."""
    ids = [graph.entity_id(node) for node in range(len(graph.names))]
    columns = zip(graph.sources, graph.targets, graph.types, graph.confidences, strict=True)
    for edge, (source, target, type_, confidence) in enumerate(columns):
        made = graph.relationship_id(edge)
        yield user_id, made, ids[source], ids[target], type_, confidence, "benchmark", "{}", NOW, NOW


SHARED = ("source", "metadata", "created_at", "updated_at")
ENTITIES = ("user_id", "id", "name", "type", "confidence", *SHARED)
RELATIONSHIPS = ("user_id", "id", "source_entity_id", "target_entity_id", "type", "confidence", *SHARED)


async def store(graph: Graph, user_id: uuid.UUID, owner_dsn: str) -> None:
    """Loads the graph by COPY as the tables' owner, and tidies up as autovacuum would.

    COPY does not work where row level security applies; the owner lifts it for itself meanwhile.
    """
    connection = await asyncpg.connect(owner_dsn)
    tables = {
        "entities": (ENTITIES, entities(graph, user_id)),
        "relationships": (RELATIONSHIPS, relationships(graph, user_id)),
    }
    try:
        async with connection.transaction():
            for table, (columns, rows) in tables.items():
                await connection.execute(f"alter table backend_entities.{table} no force row level security")
                await connection.copy_records_to_table(
                    table, schema_name="backend_entities", columns=columns, records=rows
                )
                await connection.execute(f"alter table backend_entities.{table} force row level security")
        await connection.execute("vacuum analyze backend_entities.entities, backend_entities.relationships")
    finally:
        await connection.close()


def write_csv(graph: Graph, folder: Path) -> None:
    """The same rows for another engine: `nodes.csv` and `edges.csv`."""
    nobody = uuid.UUID(int=0)
    with (folder / "nodes.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for row in entities(graph, nobody):
            writer.writerow([*row[1:7], f"{NOW:%Y-%m-%d %H:%M:%S}"])
    with (folder / "edges.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for row in relationships(graph, nobody):
            writer.writerow([*row[2:4], row[1], *row[4:8], f"{NOW:%Y-%m-%d %H:%M:%S}"])
