"""`kgl search`: passages and entities that match words or meaning."""

from typing import Annotated

import typer

from entrypoints.cli.console import AsJson, DataDir, output, print_json, print_table, run_async


def command(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    mode: Annotated[str, typer.Option(help="hybrid, text or vector.")] = "hybrid",
    kinds: Annotated[str, typer.Option(help="entities, documents, or both with a comma.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 10,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Search documents and entities by words and by meaning."""
    from entrypoints.cli.target import target

    async def ask() -> object:
        from entrypoints.cli.client import ApiClient

        params: dict[str, str | int] = {"q": " ".join(words), "mode": mode, "limit": limit}
        if kinds:
            params["kinds"] = kinds
        async with ApiClient(target(data_dir)) as client:
            return await client.get("/search", params)

    found = run_async(ask())
    if as_json:
        print_json(found)
        return
    rows = found if isinstance(found, list) else []
    if not rows:
        output().print("nothing found")
        return
    print_table(
        ("score", "kind", "title", "snippet"),
        [
            (
                f"{row['score']:.3f}",
                row["type"] or row["kind"],
                row["title"],
                " ".join(row["snippet"].split()),
            )
            for row in rows
        ],
    )
