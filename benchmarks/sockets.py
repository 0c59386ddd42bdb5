"""`python -m benchmarks.sockets PLAN.json`: many sockets in one process, noting when each frame arrives."""

import asyncio
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import uvloop
from websockets.asyncio.client import ClientConnection, connect

arrivals: dict[str, list[float]] = defaultdict(list)


async def open_socket(url: str, token: str) -> ClientConnection:
    """An authenticated socket, subscribed to entities."""
    socket = await connect(url, max_queue=4096, compression=None)
    await socket.send(json.dumps({"type": "authenticate", "token": token}))
    await socket.recv()
    await socket.send(json.dumps({"type": "subscribe", "topics": ["entity.*"]}))
    await socket.recv()
    return socket


async def listen(socket: ClientConnection) -> None:
    async for frame in socket:
        now = time.monotonic()
        content = json.loads(frame)
        if "subject" in content:
            arrivals[content["subject"]].append(now)


async def main(plan: dict[str, object]) -> None:
    url, tokens, count = str(plan["url"]), plan["tokens"], plan["sockets"]
    assert isinstance(tokens, list)
    assert isinstance(count, int)
    sockets = []
    for start in range(0, count, 25):
        opening = (open_socket(url, tokens[n % len(tokens)]) for n in range(start, min(start + 25, count)))
        sockets += await asyncio.gather(*opening)
    tasks = [asyncio.create_task(listen(socket)) for socket in sockets]
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    # What is on its way arrives within this second, or is counted as lost.
    await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    print(json.dumps(arrivals))


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_text())))
