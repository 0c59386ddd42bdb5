"""The measure of P1: a bare Quart application answering JSON, on stock Hypercorn and uvloop."""

import asyncio
import sys

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart

app = Quart(__name__)


@app.get("/")
async def hello() -> dict[str, str]:
    return {"message": "hello"}


async def main(application: Quart, port: int) -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.errorlog = None
    await serve(application, config, shutdown_trigger=asyncio.Event().wait)


if __name__ == "__main__":
    uvloop.run(main(app, int(sys.argv[1])))
