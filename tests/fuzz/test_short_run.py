"""The short run: some requests an operation with a seed that stays; `make fuzz` asks thousands more."""

import pytest

from tests.fuzz.run import fuzz
from tests.fuzz.world import fuzzed
from tests.servers.database import MigratedServer

SEED = 20
EXAMPLES = 2
# Chains of requests are left to the long run: what they ask depends on what was answered before.
PHASES = frozenset({"examples", "coverage", "fuzzing"})


@pytest.mark.parametrize("role", ["user", "admin"])
def test_no_request_is_answered_otherwise_than_documented(migrated_server: MigratedServer, role: str) -> None:
    with fuzzed(migrated_server, role) as (url, contract, person):
        report = fuzz(url, contract, person, seed=SEED, examples=EXAMPLES, phases=PHASES)
    wrong = report.wrong()
    assert not wrong, f"{len(wrong)} kinds of failure with seed {SEED}:\n\n" + "\n\n".join(wrong)
    operations = {
        f"{method.upper()} {path}" for path, item in contract.document["paths"].items() for method in item
    }
    assert operations <= set(report.asked), "every operation was asked"
    assert report.total() > 10 * len(operations)
    well = {label for label, statuses in report.answered.items() if any(code < 300 for code in statuses)}
    assert len(well) > len(operations) // 2, f"too little is done: {sorted(operations - well)}"
