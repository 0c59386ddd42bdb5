"""`make bench`: starts the system, drives it from separate processes, prints every target with its parts."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import (
    p1_read_entity,
    p3_create_entity,
    p10_commit_to_frame,
    p11_memory,
    p12_start,
    p13_login_flood,
)
from benchmarks.report import Finding, as_json, show
from benchmarks.system import running_system
from tests.servers.process import ServerUnavailable
from tests.servers.rabbitmq import any_rabbitmq

Measure = Callable[[argparse.Namespace], Awaitable[list[Finding]]]


async def p1(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p1_read_entity.measure(system, seconds=options.seconds, rounds=options.rounds)


async def p3(options: argparse.Namespace) -> list[Finding]:
    async with running_system() as system:
        return await p3_create_entity.measure(system, seconds=options.seconds, rounds=options.rounds)


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


MEASURES: dict[str, Measure] = {"P1": p1, "P3": p3, "P10": p10, "P11": p11, "P12": p12, "P13": p13}


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
        "targets", nargs="*", choices=[*MEASURES, []], metavar="TARGET", help="P1 P3 P10 P11 P12 P13"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measured round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the findings to this file")
    options = parser.parse_args()
    found = asyncio.run(run(options))
    print("\nP4   is counted on the wire by tests/integration/postgres/test_round_trips.py")
    if options.json:
        options.json.write_text(as_json(found))
    return 0 if all(finding.holds for finding in found) else 1


if __name__ == "__main__":
    sys.exit(main())
