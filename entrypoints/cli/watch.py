"""`kgl watch`: events as they happen, from the socket; a lost connection is resumed where it broke."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from entrypoints.cli.console import AsJson, DataDir, output, print_json, run_async

if TYPE_CHECKING:
    from entrypoints.cli.target import Target

Event = dict[str, object]


def command(
    topics: Annotated[list[str] | None, typer.Argument(help="Patterns such as entity.* job.*; all.")] = None,
    since: Annotated[int | None, typer.Option(min=0, help="Begin after this position.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Print events as they happen, one a line, until Ctrl-C."""
    from entrypoints.cli.target import target

    show = print_json if as_json else show_event
    with contextlib.suppress(KeyboardInterrupt):
        run_async(watch(target(data_dir), topics or ["#"], since, count, show))


async def watch(
    target: "Target", topics: list[str], since: int | None, count: int | None, show: Callable[[Event], None]
) -> None:
    """Shows events, each once and in order, however often the connection breaks."""
    from entrypoints.cli.client import ApiClient
    from entrypoints.cli.event_feed import EventFeed

    async with ApiClient(target) as client:
        feed = EventFeed(target.url, client.token, topics, since)
        seen = 0
        async with contextlib.aclosing(feed.events()) as events:
            async for event in events:
                show(event)
                seen += 1
                if seen == count:
                    return


def show_event(event: Event) -> None:
    """One line for people."""
    data = event.get("data")
    said = data if isinstance(data, dict) else {}
    name = said.get("name") or said.get("title") or said.get("relationship_type") or said.get("status") or ""
    moment = str(event.get("time", ""))[11:19]
    head = f"{event.get('position'):>8}  {moment}  {event.get('type', ''):<24}"
    output().print(f"{head} {name}  {event.get('subject', '')}", markup=False)
