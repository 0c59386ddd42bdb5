"""An embedded native graph engine, given the same graph and asked for the same replies, in process.

    python -m benchmarks.baselines.native_graph FOLDER < requests

Reads one JSON request a line, answers with the milliseconds and the size of the reply. `FOLDER` is made when
it is not there, from `nodes.csv` and `edges.csv` beside it. Entities and relationships carry the columns the
API shows, and come back as Python objects; so the engine is spared HTTP, JSON, and telling users apart.
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import ladybug

ENTITY = "name string, type string, confidence double, source string, metadata string, created_at timestamp"
RELATIONSHIP = "type string, confidence double, source string, metadata string, created_at timestamp"
# What is asked for: entities, and the relationships that lead to them. One hop is a pattern of its own;
# further ones go breadth first, each entity once. All relationships among them would take it far longer.
NEXT = (
    "match (a:Entity {{id: $id}})-[r:Related]-(b:Entity) where b.id <> a.id "
    "return b, collect(r) limit {limit}"
)
NEAR = (
    "match (a:Entity {{id: $id}})-[e:Related* shortest 1..{depth}]-(b:Entity) "
    "return b, length(e) as depth, rels(e) order by depth limit {limit}"
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
        """How many rows the reply has."""
        bounds = {"depth": asked["depth"], "limit": asked["limit"]}
        if asked["kind"] == "paths":
            ends = {"source": asked["source"], "target": asked["target"]}
            return len(self._rows(PATH.format(**bounds), ends))
        start = {"id": asked["id"]}
        queries = {"ids": IDS, "entities": ENTITIES, "near": NEXT if asked["depth"] == 1 else NEAR}
        query = queries[asked["kind"]]
        return len(self._rows(query.format(**bounds), start))


def main() -> None:
    engine = Engine(Path(sys.argv[1]))
    for line in sys.stdin:
        began = perf_counter()
        rows = engine.answer(json.loads(line))
        print(json.dumps([(perf_counter() - began) * 1000, rows]), flush=True)


if __name__ == "__main__":
    main()
