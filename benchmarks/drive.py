"""`python -m benchmarks.drive REQUESTS.json URL CONNECTIONS SECONDS`: one load, from a process of its own."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from benchmarks.load import load


def main() -> None:
    file, url, connections, seconds = sys.argv[1:]
    requests = [request.encode("latin-1") for request in json.loads(Path(file).read_text())]
    parts = urlsplit(url)
    result = uvloop.run(
        load(
            parts.hostname or "127.0.0.1",
            parts.port or 80,
            requests,
            connections=int(connections),
            seconds=float(seconds),
        )
    )
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
