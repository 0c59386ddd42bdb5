"""What must have been computed about an account's graph before it can be read."""

from collections.abc import Callable

from tests.e2e.api.world import Account, eventually, made

GROUPS = ("communities", "components")
KINDS = ("pagerank", "communities", "components", "degree", "betweenness")


def compute(account: Account, kind: str, **parameters: object) -> str:
    """Has a kind computed, and waits for it; the job's id."""
    job = made(account, f"/graph/analytics/{kind}", parameters)

    def has_ended() -> bool:
        return account.client.data(f"/graph/jobs/{job}")["finished_at"] is not None

    eventually(has_ended, f"{kind} to be computed", within=60)
    found = account.client.data(f"/graph/jobs/{job}")
    assert found["status"] == "succeeded", found
    return job


def computed(kind: str) -> Callable[[Account], dict[str, str]]:
    """Sees to it that a kind was computed at some time: for tests that need any result."""

    def ensure(account: Account) -> dict[str, str]:
        runs = {run["kind"]: run["id"] for run in account.client.data("/graph/analytics")}
        return {"run_id": runs.get(kind) or compute(account, kind)}

    return ensure


def newly_computed(kind: str) -> Callable[[Account], dict[str, str]]:
    """Computes a kind: groups tell whose they are by their run alone, so this one has to be the last."""
    return lambda account: {"run_id": compute(account, kind)}


def compute_all(account: Account) -> None:
    """Every kind has a result."""
    for kind in KINDS:
        computed(kind)(account)
