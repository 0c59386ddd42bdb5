"""`make bench`: starts the system, drives it from separate processes, prints every target with its parts."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path

from benchmarks import (
    name_search,
    p1_read_entity,
    p2_list_entities,
    p3_create_entity,
    p6_bulk_import,
    p7_traversal,
    p8_search,
    p10_commit_to_frame,
    p11_memory,
    p12_start,
    p13_login_flood,
    retrieval,
)
from benchmarks.report import Finding, as_json, show
from benchmarks.system import running_system
from tests.servers.process import ServerUnavailable
from tests.servers.rabbitmq import any_rabbitmq

Measure = Callable[[argparse.Namespace], Awaitable[list[Finding]]]


async def p1(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p1_read_entity.measure(system, seconds=options.seconds, rounds=options.rounds)


async def p2(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p2_list_entities.measure(system, seconds=options.seconds, rounds=options.rounds)


async def p3(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p3_create_entity.measure(system, seconds=options.seconds, rounds=options.rounds)


async def p6(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p6_bulk_import.measure(system, edges=options.edges)


async def p7(options: argparse.Namespace) -> list[Finding]:
    if find_spec("ladybug") is None:
        print("\nP7 was not measured: `pip install -e .[bench]` brings the native engine", file=sys.stderr)
        return []
    triples = options.triples if options.triples.exists() else None
    async with running_system() as system:
        return await p7_traversal.measure(system, triples=triples)


async def p8(options: argparse.Namespace) -> list[Finding]:
    if not options.collection.is_dir():
        print(f"\nP8 was not measured: {options.collection} is not there", file=sys.stderr)
        return []
    async with running_system() as system:
        return await p8_search.measure(system, options.collection)


async def p10(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        found = await p10_commit_to_frame.measure(system, seconds=options.seconds * 2)
    try:
        with any_rabbitmq() as broker:
            async with running_system() as system:
                found += await p10_commit_to_frame.measure(
                    system, seconds=options.seconds * 2, broker=broker.url
                )
    except ServerUnavailable as error:
        print(f"\nP10 with RabbitMQ was not measured: {error}", file=sys.stderr)
    return found


async def p11(_: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p11_memory.measure(system)


async def p12(_: argparse.Namespace) -> list[Finding]:
    return await asyncio.to_thread(p12_start.measure)


async def p13(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p13_login_flood.measure(system, seconds=options.seconds, rounds=options.rounds)


async def search_names(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        found = await name_search.measure(system.logins, entities=options.entities)
    return name_search.findings(found)


async def search_passages(options: argparse.Namespace) -> list[Finding]:
    if not options.collection.is_dir():
        print(f"\nretrieval was not measured: {options.collection} is not there", file=sys.stderr)
        return []
    async with running_system() as system:
        found = await retrieval.measure(system.logins, options.collection)
    return retrieval.findings(found)


MEASURES: dict[str, Measure] = {
    "P1": p1,
    "P2": p2,
    "P3": p3,
    "P6": p6,
    "P7": p7,
    "P8": p8,
    "P10": p10,
    "P11": p11,
    "P12": p12,
    "P13": p13,
    "names": search_names,
    "retrieval": search_passages,
}


async def run(options: argparse.Namespace) -> list[Finding]:
    found = []
    for target in options.targets or MEASURES:
        for finding in await MEASURES[target](options):
            show(finding)
            found.append(finding)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "targets",
        nargs="*",
        choices=[*MEASURES, []],
        metavar="TARGET",
        help="P1 P2 P3 P6 P7 P8 P10 P11 P12 P13 names retrieval",
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measured round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--edges", type=int, default=1_000_000, help="imported by P6")
    parser.add_argument(
        "--triples",
        type=Path,
        default=Path("../shared/data/wn18rr/triples.tsv"),
        help="a graph that P7 measures as well, if it is there: lines of head, relation, tail",
    )
    parser.add_argument("--entities", type=int, default=100_000, help="searched by names")
    parser.add_argument(
        "--collection",
        type=Path,
        default=Path("../shared/data/cranfield"),
        help="judged questions for retrieval and P8: documents.jsonl, queries.jsonl, qrels.tsv",
    )
    parser.add_argument("--json", type=Path, help="also write the findings to this file")
    options = parser.parse_args()
    found = asyncio.run(run(options))
    print("\nP4   is counted on the wire by tests/integration/postgres/test_round_trips.py")
    if options.json:
        options.json.write_text(as_json(found))
    return 0 if all(finding.holds for finding in found) else 1


if __name__ == "__main__":
    sys.exit(main())
