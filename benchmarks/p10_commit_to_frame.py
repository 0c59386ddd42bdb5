"""P10: from a commit to the frame on a socket, with 500 sockets open and 200 events a second."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from statistics import quantiles

from benchmarks.report import Finding
from benchmarks.system import System, register

SOCKETS = 500
USERS = 50
RATE = 200


async def measure(system: System, *, seconds: float, broker: str = "") -> list[Finding]:
    """Sockets and writer are processes of their own; both clocks are this machine's monotonic one."""
    if broker:
        system.environment["RABBITMQ_URL"] = broker
    serve, url = await system.serve("p10-serve")
    consume = system.consume("p10-consume")
    accounts = [await register(url, f"p10-{number}@example.org") for number in range(USERS)]
    plan = system.directory / "p10.json"
    plan.write_text(
        json.dumps(
            {
                "url": url.replace("http", "ws") + "/api/v1/ws",
                "tokens": [token for _, token in accounts],
                "users": [user_id for user_id, _ in accounts],
                "sockets": SOCKETS,
                "rate": RATE,
                "seconds": seconds,
                "database": system.logins.runtime_url,
            }
        )
    )
    listener = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.sockets", str(plan)),
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert listener.stdout is not None
    assert listener.stdin is not None
    await listener.stdout.readline()  # all sockets are subscribed
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.writer", str(plan)), stdout=subprocess.PIPE
    )
    written, _ = await writer.communicate()
    commits: dict[str, float] = json.loads(written)
    listener.stdin.write(b"stop\n")
    received, _ = await listener.communicate()
    frames: dict[str, list[float]] = json.loads(received.decode().splitlines()[-1])
    for process in (serve, consume):
        process.stop()
    system.environment.pop("RABBITMQ_URL", None)
    per_event = SOCKETS // USERS
    late = [at - commits[subject] for subject, times in frames.items() for at in times if subject in commits]
    lost = sum(per_event - len(frames.get(subject, [])) for subject in commits)
    if lost:
        raise RuntimeError(f"{lost} of {len(commits) * per_event} frames did not arrive")
    transport = "RabbitMQ" if broker else "no broker"
    cuts = quantiles((delay * 1000 for delay in late), n=100)
    return [
        Finding(
            target="P10",
            what=f"commit to frame, {SOCKETS} sockets, {RATE} events/s, {transport}",
            figure=cuts[94],
            bound=60 if broker else 40,
            at_most=True,
            unit="ms p95",
            parts={
                "commits": float(len(commits)),
                "frames": float(len(late)),
                "p50 (ms)": cuts[49],
                "p99 (ms)": cuts[98],
                "accounts, each on as many sockets": f"{USERS} x {per_event}",
            },
        )
    ]


def plan_of(path: str) -> dict[str, object]:
    """What the processes of this benchmark were told."""
    plan: dict[str, object] = json.loads(Path(path).read_text())
    return plan
