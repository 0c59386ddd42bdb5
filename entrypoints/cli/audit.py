"""`kgl audit`: is the audit log what it was?"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from entrypoints.cli.console import AsJson, DataDir, output, print_json
from entrypoints.cli.errors import FAILURE

if TYPE_CHECKING:
    from application.operations.verify_audit import Verification, VerifyAudit
    from entrypoints.container import Container

app = typer.Typer(no_args_is_help=True, help="The audit log (needs DATABASE_URL or the embedded server).")


@app.callback()
def group() -> None:
    """The audit log."""


@app.command("verify")
def verify(
    expected: Annotated[
        str | None, typer.Option("--expect", help="A head printed earlier, which must still be in the log.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Recompute all seals. Exit code 1 when a row is changed, missing, reordered or long without a seal.

    Rows get their seal about a second after their commit, from a running `kgl consume` or `kgl up`. Whoever
    owns the database could make all seals anew: note the head elsewhere, and hand it in with --expect.
    """
    from entrypoints.cli.users import run

    async def work(container: "Container") -> "Verification":
        verify: VerifyAudit = container.verify_audit()
        return await verify(expected.lower() if expected else None)

    found = run(work, data_dir)
    if as_json:
        print_json({"intact": not found.findings, **asdict(found)})
    else:
        screen = output()
        for each in found.findings:
            where = "" if each.seal is None else f" seal {each.seal}"
            where += "" if each.place is None else f" place {each.place}"
            where += "" if each.row is None else f" row {each.row}"
            screen.print(f"{each.fault.value}:{where}: {each.detail}", markup=False)
        verdict = "intact" if not found.findings else f"{len(found.findings)} faults"
        screen.print(f"{verdict}: {found.rows} rows under {found.seals} seals, head {found.head or 'none'}")
    if found.findings:
        raise typer.Exit(FAILURE)
