"""How fast an empty handler is: stock Quart on Hypercorn against the same application on our server layer.

`python -m benchmarks.server_ceiling [--rounds 3] [--seconds 3]`: every round runs each server in turn, so
that a busy machine slows all of them; the ratio of the medians is what counts.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

import uvloop
from quart import Quart

STOCK_ASYNCIO, STOCK_UVLOOP, OURS = "stock-asyncio", "stock-uvloop", "ours"


def hello() -> Quart:
    app = Quart(__name__)

    @app.get("/")
    async def index() -> dict[str, str]:
        return {"message": "hello"}

    return app


async def _serve_stock() -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - each process loads the server it measures
    from hypercorn.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.errorlog = None
    listener = config._create_sockets(["127.0.0.1:0"])[0]
    listener.set_inheritable(True)
    config.bind = [f"fd://{listener.fileno()}"]
    print(listener.getsockname()[1], flush=True)
    await serve(hello(), config, shutdown_trigger=asyncio.Event().wait)


async def _serve_ours() -> None:
    from entrypoints.http.asgi_http import DirectHTTPConnection  # noqa: PLC0415 - as above
    from entrypoints.http.server import ServerConfig, serve  # noqa: PLC0415 - as above

    app = hello()
    app.asgi_http_class = DirectHTTPConnection
    config = ServerConfig(port=0, on_bound=lambda _, port: print(port, flush=True))
    await serve(app, config, stop=asyncio.Event())  # type: ignore[arg-type]  # Quart is ASGI


def _serve(kind: str) -> None:
    if kind == STOCK_ASYNCIO:
        asyncio.run(_serve_stock())
    else:
        uvloop.run(_serve_stock() if kind == STOCK_UVLOOP else _serve_ours())


def measure(kind: str, connections: int, seconds: float) -> float:
    command = [sys.executable, "-m", "benchmarks.server_ceiling", "--serve", kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
            options = ["--connections", str(connections), "--seconds", str(seconds)]
            run = [sys.executable, "-m", "benchmarks.load", url, *options]
            result = json.loads(subprocess.check_output(run, text=True))
        finally:
            server.kill()
    if result["errors"] or set(result["statuses"]) != {"200"}:
        raise SystemExit(f"{kind}: {result}")
    print(f"{kind:14} {result['rps']:>9} req/s  p50 {result['p50']} ms  p99 {result['p99']} ms", flush=True)
    return float(result["rps"])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server_ceiling", description=__doc__)
    kinds = (STOCK_ASYNCIO, STOCK_UVLOOP, OURS)
    parser.add_argument("--serve", choices=kinds, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args(arguments)
    if options.serve:
        _serve(options.serve)
        return 0
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for kind in kinds:
            rates[kind].append(measure(kind, options.connections, options.seconds))
    medians = {kind: median(values) for kind, values in rates.items()}
    ratios = {kind: round(value / medians[STOCK_ASYNCIO], 2) for kind, value in medians.items()}
    print(json.dumps({"median_rps": medians, "x_stock_asyncio": ratios}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
