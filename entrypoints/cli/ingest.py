"""`kgl ingest`: files and folders go in, and the command ends when their graph is there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entrypoints.cli.console import AsJson, DataDir, notices, output, print_json, run_async
from entrypoints.cli.errors import FAILURE, USAGE, CommandError

if TYPE_CHECKING:
    from entrypoints.cli.documents import Draft, Failure
    from entrypoints.cli.ingestion import Progress as Ingested
    from entrypoints.cli.ingestion import Summary
    from entrypoints.cli.target import Target

SHOWN_FAILURES = 20


def command(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders: .txt .md .json .jsonl")],
    concurrency: Annotated[int, typer.Option(min=1, max=32, help="Documents sent at the same time.")] = 8,
    wait: Annotated[bool, typer.Option(help="Wait until every document has been extracted.")] = True,
    stall: Annotated[
        float, typer.Option(min=1, help="Give up waiting after so many seconds without progress.")
    ] = 120.0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Send documents, and follow them until their entities and relationships are in the graph.

    JSON files hold records with `title` and `text` (or `content`): an array, or one on each line.
    """
    for path in paths:
        if not path.exists():
            raise CommandError(f"{path}: no such file or folder", USAGE)
    from entrypoints.cli.target import target

    files, total, skipped = survey(paths)
    for path, reason in skipped:
        notices().print(f"skipped {path}: {reason}", markup=False, style="yellow")
    if not total:
        raise CommandError("no documents found in " + ", ".join(str(path) for path in paths))
    summary = run_async(
        ingest(target(data_dir), drafts(files), total, concurrency=concurrency, wait=wait, stall=stall)
    )
    if as_json:
        print_json(as_object(summary, skipped))
    else:
        show(summary, waited=wait)
    named = {path for path, _ in skipped} & set(paths)
    if summary.failures or named:
        raise typer.Exit(FAILURE)


def survey(paths: list[Path]) -> tuple[list[Path], int, list[tuple[Path, str]]]:
    """Reads everything once: the files that hold documents, how many, and why the others do not."""
    from entrypoints.cli.documents import Unreadable, files_below, read

    files, total, skipped = [], 0, []
    seen: set[Path] = set()
    for path in (file for root in paths for file in files_below(root)):
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        try:
            total += sum(1 for _ in read(path))
            files.append(path)
        except Unreadable as reason:
            skipped.append((path, str(reason)))
    return files, total, skipped


def drafts(files: list[Path]) -> "Iterator[Draft | Failure]":
    """Their documents, read when they are sent."""
    from entrypoints.cli.documents import Failure, Unreadable, read

    for path in files:
        try:
            yield from read(path)
        except Unreadable as reason:  # it changed since the survey
            yield Failure(origin=str(path), reason=str(reason))


async def ingest(
    target: "Target",
    documents: "Iterator[Draft | Failure]",
    total: int,
    *,
    concurrency: int = 8,
    wait: bool = True,
    stall: float = 120.0,
) -> "Summary":
    """Sends the documents, showing a bar on a terminal."""
    from entrypoints.cli.client import ApiClient
    from entrypoints.cli.ingestion import Ingestion

    with bar(total, wait=wait) as on_progress:
        async with ApiClient(target) as client:
            ingestion = Ingestion(client, concurrency=concurrency, stall=stall, on_progress=on_progress)
            return await ingestion.run(documents, wait=wait)


@contextmanager
def bar(total: int, *, wait: bool) -> "Iterator[Callable[[Ingested], None]]":
    """A progress bar on standard error, when that is a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = notices()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("sending", total=total)

        def on_progress(progress: "Ingested") -> None:
            done = progress.ended if wait else progress.sent
            shown.update(task, completed=done, description=f"sent {progress.sent}, extracted")

        yield on_progress


def show(summary: "Summary", *, waited: bool) -> None:
    """The summary for people; each failure with its reason on standard error."""
    for failure in summary.failures[:SHOWN_FAILURES]:
        notices().print(f"failed {failure.origin}: {failure.reason}", markup=False, style="red")
    if len(summary.failures) > SHOWN_FAILURES:
        notices().print(f"and {len(summary.failures) - SHOWN_FAILURES} more failed", style="red")
    rate = f"{summary.documents_per_second:g} a second"
    parts = [
        f"{summary.documents} documents in {summary.seconds:.1f} s ({rate})",
        f"{summary.entities} entities and {summary.relationships} relationships gained" if waited else "",
        f"{summary.duplicates} already known" if summary.duplicates else "",
        f"{len(summary.failures)} failed" if summary.failures else "",
    ]
    output().print(", ".join(part for part in parts if part), markup=False)


def as_object(summary: "Summary", skipped: list[tuple[Path, str]]) -> dict[str, object]:
    """The summary for programs."""
    return {
        "documents": summary.documents,
        "created": summary.created,
        "duplicates": summary.duplicates,
        "processed": summary.processed,
        "entities": summary.entities,
        "relationships": summary.relationships,
        "seconds": summary.seconds,
        "documents_per_second": summary.documents_per_second,
        "failures": [{"origin": each.origin, "reason": each.reason} for each in summary.failures],
        "skipped": [{"path": str(path), "reason": reason} for path, reason in skipped],
    }
