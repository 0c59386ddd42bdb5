"""`kgl import` and `kgl export`: files into the graph and out of it, as streams of any size."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrypoints.cli.console import AsJson, DataDir, notices, output, print_json, run_async
from entrypoints.cli.errors import FAILURE, USAGE, CommandError

if TYPE_CHECKING:
    from entrypoints.cli.target import Target

FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".graphml": "graphml",
    ".ttl": "turtle",
    ".nt": "turtle",
    ".jsonld": "json-ld",
}
CHUNK = 256 * 1024
POLL_SECONDS = 0.3
SHOWN_ERRORS = 10
Format = Annotated[str, typer.Option("--format", help="jsonl, csv, graphml, turtle or json-ld.")]


def import_file(
    file: Annotated[Path, typer.Argument(help="A .jsonl, .csv, .graphml, .ttl or .jsonld file.")],
    format_: Format = "",
    create: Annotated[bool, typer.Option("--create", help="Refuse what is there already.")] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Import nothing if a row is refused.")
    ] = False,
    source: Annotated[str, typer.Option(help="Where things come from that do not say so.")] = "",
    wait: Annotated[bool, typer.Option(help="Wait until the import has ended.")] = True,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Import entities and relationships from a file."""
    if not file.is_file():
        raise CommandError(f"{file}: no such file", USAGE)
    params = {
        "format": format_of(file, format_),
        "mode": "create" if create else "upsert",
        "on_error": "abort" if all_or_nothing else "skip",
        **({"source": source} if source else {}),
    }
    from entrypoints.cli.target import target

    job, errors = run_async(imported(target(data_dir), file, file.stat().st_size, params, wait=wait))
    if as_json:
        print_json(job)
    else:
        show(job, errors)
    if job["status"] in ("failed", "cancelled", "partial"):
        raise typer.Exit(FAILURE)


def export_file(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output without it.")] = None,
    format_: Format = "",
    types: Annotated[str, typer.Option(help="Entities of these types alone, with commas.")] = "",
    include_inactive: Annotated[bool, typer.Option(help="Also what was deleted.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Export the graph to a file."""
    params: dict[str, str] = {"format": format_of(file, format_) if file else format_ or "jsonl"}
    if types:
        params["type"] = types
    if include_inactive:
        params["include_inactive"] = "true"
    from entrypoints.cli.target import target

    size = run_async(exported(target(data_dir), file, params))
    if as_json and file is not None:
        print_json({"file": str(file), "format": params["format"], "bytes": size})


def format_of(file: Path, wanted: str) -> str:
    """The format that was asked for, or that the name stands for."""
    found = wanted or FORMATS.get(file.suffix.lower(), "")
    if found not in FORMATS.values():
        raise CommandError(
            f"{file}: name its format with --format: jsonl, csv, graphml, turtle, json-ld", USAGE
        )
    return found


async def imported(
    target: "Target", file: Path, size: int, params: dict[str, str], *, wait: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The job, ended if that was waited for, and the first things it refused."""
    import asyncio
    import json

    from entrypoints.cli.client import ApiClient

    async with ApiClient(target) as client:
        with bar("sending", size) as moved:
            job = await client.upload("/graph/import", pieces(file, moved), params)
        if not wait:
            return job, []
        with bar("importing", None) as moved:
            while job["finished_at"] is None:
                await asyncio.sleep(POLL_SECONDS)
                found = await client.get(f"/graph/jobs/{job['id']}")
                job = found if isinstance(found, dict) else job
                moved(int(job["done"]), job["total"])
        if not job["refused"]:
            return job, []
        text = ""
        async for chunk in client.download(f"/graph/jobs/{job['id']}/errors", {}):
            text += chunk.decode("utf-8", "replace")
            if text.count("\n") > SHOWN_ERRORS:
                break
        return job, [json.loads(line) for line in text.split("\n")[:SHOWN_ERRORS] if line.endswith("}")]


async def pieces(file: Path, moved: "Callable[[int, int | None], None]") -> AsyncIterator[bytes]:
    """A file's bytes, told of as they go."""
    sent = 0
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            yield chunk
            sent += len(chunk)
            moved(sent, None)


async def exported(target: "Target", file: Path | None, params: dict[str, str]) -> int:
    """Writes the graph, to a file under another name until it is whole; how many bytes it has."""
    from entrypoints.cli.client import ApiClient

    size = 0
    async with ApiClient(target) as client:
        chunks = client.download("/graph/export", params)
        if file is None:
            async for chunk in chunks:
                sys.stdout.buffer.write(chunk)
                size += len(chunk)
            sys.stdout.buffer.flush()
            return size
        partial = file.with_name(file.name + ".partial")
        try:
            with bar("exporting", None) as moved, partial.open("wb") as opened:
                async for chunk in chunks:
                    opened.write(chunk)
                    size += len(chunk)
                    moved(size, None)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    return size


@contextmanager
def bar(what: str, total: int | None) -> "Iterator[Callable[[int, int | None], None]]":
    """A progress bar on standard error, when that is a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = notices()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=total)

        def moved(done: int, of: int | None) -> None:
            shown.update(task, completed=done, total=total if of is None else of)

        yield moved


def show(job: dict[str, Any], errors: list[dict[str, Any]]) -> None:
    """What came of an import, for people."""
    output().print(f"{job['status']}: import {job['id']}", markup=False)
    for kind in ("entities", "relationships"):
        counts = (job["result"] or {}).get(kind, {})
        if any(counts.values()):
            told = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
            output().print(f"{kind}: {told}", markup=False)
    if warned := (job["result"] or {}).get("warned"):
        where = f"/graph/jobs/{job['id']}/warnings"
        told = f"{warned:,} row(s) were written against the declared schema: {where}"
        notices().print(told, markup=False, style="yellow")
    if job["error"]:
        notices().print(job["error"], markup=False, style="red")
    for each in errors:
        line = f"row {each['place']}: {each['pointer']} {each['detail']}"
        notices().print(line, markup=False, style="yellow")
    if job["refused"] > len(errors):
        notices().print(f"and {job['refused'] - len(errors):,} more rows", markup=False, style="yellow")
