"""rdflib and networkx read what is written here, and what they write is read here."""

import io

import networkx
import rdflib
from rdflib.namespace import RDF, RDFS

from adapters.formats.rdf_terms import OURS, id_of, predicate_of
from tests.contract.formats.files import ADA, BOB, KNOWS, content_fields, file_of, read, rows_of


def test_networkx_reads_our_graphml() -> None:
    graph = networkx.read_graphml(io.BytesIO(file_of("graphml", [ADA, BOB], [KNOWS])))
    assert graph.is_directed()
    assert graph.nodes[str(ADA.id)]["name"] == "Ada"
    assert graph.nodes[str(ADA.id)]["confidence"] == 0.1
    assert graph.nodes[str(ADA.id)]["is_active"] is True
    edge = graph.edges[str(ADA.id), str(BOB.id)]
    assert (edge["relationship_type"], edge["confidence"], edge["source"]) == (
        KNOWS.relationship_type,
        0.25,
        "s",
    )


def test_what_networkx_writes_is_read() -> None:
    graph = networkx.DiGraph()
    graph.add_node("ä", label="Ann", age=7, weight=0.5, member=True)
    graph.add_node(2)
    graph.add_edge("ä", 2, type="likes", confidence=0.5, since=1999)
    written = io.BytesIO()
    networkx.write_graphml_xml(graph, written)
    rows = [row.document for row in rows_of("graphml", written.getvalue())]
    assert rows[0] == {
        "kind": "entity",
        "key": "ä",
        "name": "Ann",
        "type": "thing",
        "metadata": {"age": 7, "weight": 0.5, "member": True},
    }
    assert (rows[1]["key"], rows[1]["name"]) == ("2", "2")
    assert rows[2] == {
        "kind": "relationship",
        "source_entity": {"key": "ä"},
        "target_entity": {"key": "2"},
        "relationship_type": "likes",
        "confidence": 0.5,
        "metadata": {"since": 1999},
    }
    named = rows_of("graphml", written.getvalue(), "zoo")
    assert (named[1].document["external_id"], named[1].document["source"]) == ("2", "zoo")


def test_rdflib_reads_our_turtle_and_json_ld_as_one_graph() -> None:
    graphs = []
    for format_, name in (("turtle", "turtle"), ("json-ld", "json-ld")):
        graph = rdflib.Dataset(default_union=True)
        graph.parse(data=file_of(format_, [ADA, BOB], [KNOWS]), format=name)
        graphs.append(
            {
                (str(s), str(p), str(o))
                for s, p, o in graph.triples((None, None, None))
                if str(p) != f"{OURS}metadata"
            }
        )
        edge = rdflib.URIRef(id_of(KNOWS.id))
        assert (edge, RDF.type, RDF.Statement) in graph
        assert graph.value(edge, rdflib.URIRef(f"{OURS}confidence")).toPython() == 0.25  # type: ignore[union-attr]  # it is there
        source, target = rdflib.URIRef(id_of(ADA.id)), rdflib.URIRef(id_of(BOB.id))
        assert (source, rdflib.URIRef(predicate_of(KNOWS.relationship_type)), target) in graph
    assert graphs[0] == graphs[1]


def test_our_files_written_again_by_rdflib_are_read_as_they_were() -> None:
    for format_ in ("turtle", "json-ld"):
        graph = rdflib.Graph()
        graph.parse(data=file_of("turtle", [ADA, BOB], [KNOWS]), format="turtle")
        entities, edges = read(format_, written(graph, format_))
        for row, view in zip(entities, [ADA, BOB], strict=True):
            differing = content_fields(row, view)
            differing.pop("aliases", None)  # an RDF graph knows no order
            assert differing == {}
        assert [content_fields(row, KNOWS) for row in edges] == [{}]


def test_rdf_of_others_becomes_entities_and_relationships() -> None:
    graph = rdflib.Graph()
    ns = rdflib.Namespace("http://example.org/zoo#")
    graph.add((ns.ann, RDF.type, ns.Keeper))
    graph.add((ns.ann, RDFS.label, rdflib.Literal("Ann")))
    graph.add((ns.ann, ns.age, rdflib.Literal(40)))
    graph.add((ns.ann, ns.feeds, ns.leo))
    cage = rdflib.BNode("cage")
    graph.add((ns.leo, ns.lives_in, cage))
    for format_ in ("turtle", "json-ld"):
        rows = [row.document for row in rows_of(format_, written(graph, format_))]
        ann = next(row for row in rows if row.get("name") == "Ann")
        assert (ann["type"], ann["external_id"]) == ("Keeper", "http://example.org/zoo#ann")
        assert ann["metadata"] == {"age": "40"}
        assert {row["relationship_type"] for row in rows if row["kind"] == "relationship"} == {
            "feeds",
            "lives_in",
        }
        assert len([row for row in rows if row["kind"] == "entity"]) == 3


def written(graph: rdflib.Graph, format_: str) -> bytes:
    return graph.serialize(format=format_).encode()
