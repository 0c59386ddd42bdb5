"""The formats there are, by the names the API has for them."""

from collections.abc import Callable, Mapping

from adapters.formats.csv import CsvReader, CsvWriter
from adapters.formats.graphml import GraphMLReader, GraphMLWriter
from adapters.formats.jsonl import JsonLinesReader, JsonLinesWriter
from adapters.formats.jsonld import JsonLdReader, JsonLdWriter
from adapters.formats.turtle import TurtleReader, TurtleWriter
from application.graph.exports import GraphWriter
from application.graph.imports import GraphReader

READERS: Mapping[str, GraphReader] = {
    "jsonl": JsonLinesReader(),
    "csv": CsvReader(),
    "graphml": GraphMLReader(),
    "turtle": TurtleReader(),
    "json-ld": JsonLdReader(),
}
WRITERS: Mapping[str, Callable[[], GraphWriter]] = {
    "jsonl": JsonLinesWriter,
    "csv": CsvWriter,
    "graphml": GraphMLWriter,
    "turtle": TurtleWriter,
    "json-ld": JsonLdWriter,
}
