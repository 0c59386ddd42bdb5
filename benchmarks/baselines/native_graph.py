"""An embedded native graph engine, given the same graph and asked for the same replies, in process.

    python -m benchmarks.baselines.native_graph FOLDER < requests

Reads one JSON request a line, answers with the milliseconds and the size of the reply. `FOLDER` is made when
it is not there, from `nodes.csv` and `edges.csv` beside it. Entities and relationships carry what the API
shows. A reply is the JSON that a server would send of them, so its time has three parts: the queries, the
rows as Python objects, and their encoding. The engine is spared HTTP, authentication, and telling users
apart.
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import ladybug
import msgspec

ENTITY = "name string, type string, confidence double, source string, metadata string, created_at timestamp"
RELATIONSHIP = "type string, confidence double, source string, metadata string, created_at timestamp"
# Every question in the quickest form found for it. One hop is a pattern of its own, of pairs that are put
# together afterwards: `collect(r)` takes twice as long. The most confident come first, as in the API; some
# pairs more than entities are asked for, because two may be related more than once. Further hops go breadth
# first, each entity once, whichever come first of those equally near, and with the relationships that lead
# to them alone: asking for all among them takes the engine ten to thirty times as long.
START = "match (a:Entity {id: $id}) return a"
NEXT = (
    "match (a:Entity {{id: $id}})-[r:Related]-(b:Entity) where b.id <> a.id "
    "return b, r order by r.confidence desc, b.id limit {pairs}"
)
NEAR = (
    "match (a:Entity {{id: $id}})-[e:Related* shortest 1..{depth}]-(b:Entity) "
    "return b, rels(e), length(e) as depth order by depth limit {limit}"
)
# Less than that.
ENTITIES = (
    "match (a:Entity {{id: $id}})-[e:Related* shortest 1..{depth}]-(b:Entity) "
    "return b, length(e) as depth order by depth limit {limit}"
)
IDS = (
    "match (a:Entity {{id: $id}})-[e:Related* shortest 1..{depth}]-(b:Entity) "
    "return b.id, length(e) as depth order by depth limit {limit}"
)
PATH = (
    "match (a:Entity {{id: $source}})-[e:Related* all shortest 1..{depth}]-(b:Entity {{id: $target}}) "
    "return nodes(e), rels(e) limit {limit}"
)


class Engine:
    """One database in a folder."""

    def __init__(self, folder: Path) -> None:
        fresh = not folder.exists()
        self._connection = ladybug.Connection(ladybug.Database(str(folder)))
        if fresh:
            self._connection.execute(f"create node table Entity(id string primary key, {ENTITY})")
            self._connection.execute(
                f"create rel table Related(from Entity to Entity, id string, {RELATIONSHIP})"
            )
            for table, file in (("Entity", "nodes.csv"), ("Related", "edges.csv")):
                self._connection.execute(f"copy {table} from '{folder.with_name(file)}'")

    def _rows(self, query: str, parameters: dict[str, object]) -> list[Any]:
        found = self._connection.execute(query, parameters)
        assert not isinstance(found, list)  # which only several statements give
        rows = []
        while found.has_next():
            rows.append(found.get_next())
        return rows

    def answer(self, asked: dict[str, Any]) -> int:
        """How many rows the reply has: entities without the start, or paths."""
        depth, limit = asked["depth"], asked["limit"]
        if asked["kind"] == "paths":
            ends = {"source": asked["source"], "target": asked["target"]}
            paths = self._rows(PATH.format(depth=depth, limit=limit), ends)
            return shown([(*nodes, *edges) for nodes, edges in paths], len(paths))
        start = {"id": asked["id"]}
        if asked["kind"] != "near":
            query = {"ids": IDS, "entities": ENTITIES}[asked["kind"]]
            rows = self._rows(query.format(depth=depth, limit=limit), start)
            return shown(rows, len(rows))
        things = {key(row[0]): row[0] for row in self._rows(START, start)}
        if depth == 1:
            found = self._rows(NEXT.format(pairs=2 * limit), start)
            pairs = [(entity, [edge]) for entity, edge in found]
        else:
            pairs = [(row[0], row[1]) for row in self._rows(NEAR.format(depth=depth, limit=limit), start)]
        edges: dict[tuple[int, int], dict[str, Any]] = {}
        for entity, led in pairs:
            if len(things) <= limit or key(entity) in things:
                things[key(entity)] = entity
                edges |= {key(edge): edge for edge in led}
        ids = {place: entity["id"] for place, entity in things.items()}
        for edge in edges.values():
            for end, place in (("source_entity_id", "_SRC"), ("target_entity_id", "_DST")):
                edge[end] = ids.get(place_of(edge[place]))
        return shown([list(things.values()), list(edges.values())], len(things) - 1)


def place_of(internal: dict[str, int]) -> tuple[int, int]:
    """How the engine itself tells things apart."""
    return internal["table"], internal["offset"]


def key(thing: dict[str, Any]) -> tuple[int, int]:
    """Of an entity or a relationship."""
    return place_of(thing["_ID"])


def shown(reply: object, size: int) -> int:
    """Encodes the reply as a server has to."""
    msgspec.json.encode(reply)
    return size


def main() -> None:
    engine = Engine(Path(sys.argv[1]))
    for line in sys.stdin:
        began = perf_counter()
        rows = engine.answer(json.loads(line))
        print(json.dumps([(perf_counter() - began) * 1000, rows]), flush=True)


if __name__ == "__main__":
    main()
