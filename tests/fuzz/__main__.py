"""`make fuzz`: thousands of requests as a user and as an administrator, on servers of its own."""

import argparse
import secrets
import sys
import time

from tests.fuzz.report import Report
from tests.fuzz.run import fuzz
from tests.fuzz.world import fuzzed
from tests.servers.database import MigratedServer, migrated
from tests.servers.postgres import any_postgres

ROLES = ("user", "admin")


def main() -> int:
    """Prints what was asked and what was wrong; 1 when anything was, or too little was asked."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=5000, help="at least so many requests in all")
    parser.add_argument("--seed", type=int, help="a seed another run has printed")
    parser.add_argument("--role", choices=ROLES, action="append", help="only as this role")
    given = parser.parse_args()
    seed = secrets.randbits(32) if given.seed is None else given.seed
    roles = given.role or ROLES
    say(f"seed {seed}")
    with any_postgres() as server, migrated(server) as prepared:
        reports = [asked(prepared, role, seed, given.cases // len(roles)) for role in roles]
    cases = sum(report.total() for report in reports)
    wrong = sum(len(report.wrong()) for report in reports)
    say(f"\n{cases} cases, {wrong} kinds of failure; the same again: --seed {seed} --cases {given.cases}")
    return 1 if wrong or cases < given.cases else 0


def asked(prepared: MigratedServer, role: str, seed: int, cases: int) -> Report:
    """One run as this role, told as it goes."""
    with fuzzed(prepared, role) as (url, contract, person):
        begun = time.monotonic()
        report = fuzz(url, contract, person, seed=seed, examples=each(contract.document["paths"], cases))
        took = time.monotonic() - begun
    say(f"\nas {role}, in {took:.0f} s, logged in again {person.returns} times")
    for line in (*report.lines(), *(f"\n{one}" for one in report.wrong())):
        say(line)
    return report


def each(paths: dict[str, dict[str, object]], cases: int) -> int:
    """Invented requests an operation. The phases that enumerate come on top, and small spaces are soon
    asked out."""
    return max(5, cases // sum(len(item) for item in paths.values()) // 2)


def say(line: str) -> None:
    """On standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
