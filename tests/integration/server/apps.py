"""Small applications that show what reached them and what became of their handlers."""

import asyncio
from collections.abc import AsyncIterator

from quart import Quart, Response, request, websocket

from entrypoints.http.asgi_http import DirectHTTPConnection
from entrypoints.websocket.asgi_websocket import BoundedWebsocketConnection


def quart_app() -> Quart:  # noqa: C901, PLR0915 - a list of routes
    app = Quart(__name__)
    app.asgi_http_class = DirectHTTPConnection
    app.asgi_websocket_class = BoundedWebsocketConnection
    app.config["MAX_CONTENT_LENGTH"] = None
    app.extensions["seen"] = seen = list[str]()
    app.extensions["release"] = release = asyncio.Event()

    @app.get("/")
    async def index() -> dict[str, str]:
        return {"message": "hello"}

    @app.get("/query")
    async def query() -> dict[str, str]:
        return {"path": request.path, "q": request.args.get("q", ""), "host": request.host}

    @app.post("/echo")
    async def echo() -> str | bytes:
        return await request.get_data(as_text=False)

    @app.post("/size")
    async def size() -> dict[str, int]:
        total = 0
        async for chunk in request.body:
            total += len(chunk)
        return {"size": total}

    @app.post("/ignore")
    async def ignore() -> str:
        return "not interested"

    @app.get("/slow")
    async def slow() -> str:
        seen.append("slow started")
        try:
            await asyncio.sleep(float(request.args.get("seconds", "30")))
        except asyncio.CancelledError:
            seen.append("slow cancelled")
            raise
        seen.append("slow finished")
        return "slow"

    @app.post("/wait")
    async def wait() -> str:
        seen.append("wait started")
        try:
            await request.get_data()
            await release.wait()
        except asyncio.CancelledError:
            seen.append("wait cancelled")
            raise
        return "waited"

    @app.get("/stream")
    async def stream() -> Response:
        count, size = int(request.args.get("parts", "3")), int(request.args.get("size", "10"))

        async def parts() -> AsyncIterator[bytes]:
            for _ in range(count):
                seen.append("part")
                yield b"x" * size

        return Response(parts())

    @app.get("/fail")
    async def fail() -> str:
        raise RuntimeError("on purpose")

    @app.get("/empty")
    async def empty() -> tuple[str, int]:
        return "", 204

    @app.websocket("/ws")
    async def echo_socket() -> None:
        await websocket.accept()
        seen.append("socket opened")
        while True:
            await websocket.send(await websocket.receive())

    @app.websocket("/deaf")
    async def deaf_socket() -> None:
        await websocket.accept()
        await asyncio.Event().wait()

    @app.websocket("/flood")
    async def flooding_socket() -> None:
        await websocket.accept()
        while True:
            await websocket.send(b"x" * 50_000)
            seen.append("sent")

    @app.teardown_websocket
    async def gone(_: BaseException | None) -> None:
        seen.append("socket torn down")

    return app
