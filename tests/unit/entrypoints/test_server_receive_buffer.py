"""The bounded queue between a socket and its handler."""

import asyncio

from entrypoints.websocket.asgi_websocket import ReceiveBuffer


async def test_gives_frames_back_in_order() -> None:
    buffer = ReceiveBuffer()
    await buffer.put("a")
    await buffer.put(b"b")
    assert [await buffer.get(), await buffer.get()] == ["a", b"b"]


async def test_holds_the_writer_back_while_full_of_frames() -> None:
    buffer = ReceiveBuffer(max_frames=2)
    await buffer.put("a")
    await buffer.put("b")
    writer = asyncio.ensure_future(buffer.put("c"))
    await asyncio.sleep(0)
    assert buffer.full
    assert not writer.done()
    assert await buffer.get() == "a"
    await writer
    assert [await buffer.get(), await buffer.get()] == ["b", "c"]


async def test_counts_bytes_as_well() -> None:
    buffer = ReceiveBuffer(max_bytes=10)
    await buffer.put("x" * 10)
    assert buffer.full
    await buffer.get()
    assert not buffer.full


async def test_wakes_a_waiting_reader() -> None:
    buffer = ReceiveBuffer()
    reader = asyncio.ensure_future(buffer.get())
    await asyncio.sleep(0)
    await buffer.put("late")
    assert await reader == "late"
