"""`python -m benchmarks.drive REQUESTS.json URL CONNECTIONS SECONDS`: one load, from a process of its own."""

from benchmarks.elsewhere import run_here
from benchmarks.load import load

if __name__ == "__main__":
    run_here(
        lambda host, port, requests, connections, seconds: load(
            host, port, requests, connections=int(connections), seconds=seconds
        )
    )
