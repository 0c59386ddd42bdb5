"""What most migrations do: run a file of SQL, confine a table to its tenant, let the runtime login in."""

from pathlib import Path

from alembic import context, op

SQL = Path(__file__).parent / "versions" / "sql"
OWN_ROWS = "user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)"
EVERYTHING = "select, insert, update, delete"


def run(name: str) -> None:
    """Executes the statements of one file; a line of dashes parts them, because functions hold semicolons."""
    for statement in (SQL / name).read_text().split("\n----\n"):
        if statement.strip():
            op.execute(statement.strip())


def put_back(function: str, name: str) -> None:
    """Makes a function what the file of a former migration made of it."""
    text = (SQL / name).read_text()
    first = text[text.index(f"create function {function}") :].partition("\n----\n")[0]
    op.execute(first.replace("create function", "create or replace function", 1))


def scope(name: str) -> str:
    """The condition under which work on all users' rows sees them: a transaction-local setting."""
    return f"(select current_setting('app.scope', true)) = '{name}'"


def grant(rights: str, thing: str) -> None:
    """Allows the runtime login something, as in `grant("select", "a_schema.a_table")`."""
    op.execute(f"grant {rights} on {thing} to {runtime_role()}")


def runtime_role() -> str:
    """The runtime login, quoted."""
    return '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'


def confine(table: str, condition: str = OWN_ROWS, policy: str = "tenant") -> None:
    """Lets through the rows of `table` that meet the condition, for reading and writing; the owner too."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy {policy} on {table} using ({condition}) with check ({condition})")


def drop_tables(tables: tuple[str, ...]) -> None:
    """In the opposite order of their creation."""
    for table in reversed(tables):
        op.execute(f"drop table {table}")
