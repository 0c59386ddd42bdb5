"""`kgl purge`: one round of what running consumers do every ten minutes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from entrypoints.cli.console import AsJson, DataDir, print_json, print_table
from entrypoints.cli.console import settings as read

if TYPE_CHECKING:
    from entrypoints.container import Container


def command(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Remove what is over: events, sessions and the like (needs DATABASE_URL or the embedded server).

    How long each is kept is set with EVENT_RETENTION and the like. The audit log is never touched. With
    RabbitMQ, what consumers remember of handled messages is removed by `kgl consume` alone.
    """
    from entrypoints.cli.users import run

    settings = read({"DATA_DIR": data_dir})

    async def work(container: "Container") -> Mapping[str, int]:
        from entrypoints.retention import purge_expired

        return await purge_expired(settings, container)()

    removed = run(work, data_dir)
    if as_json:
        print_json(removed)
    else:
        print_table(("what", "removed"), removed.items())
