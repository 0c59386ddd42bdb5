"""Accounts without a password, which providers' identities lead to; and the logins that are over."""

from pathlib import Path

from alembic import context, op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
IDENTITIES = "backend_auth.external_identities"
SPENT = "backend_auth.spent_logins"
OWN = "user_id = (select nullif(current_setting('app.user_id', true), '')::uuid)"
LOGIN = "(select current_setting('app.scope', true)) = 'authentication'"


def statements(name: str) -> list[str]:
    """The statements of one file, parted by a line of dashes."""
    return [part.strip() for part in (SQL / name).read_text().split("\n----\n") if part.strip()]


def confine(table: str, condition: str, policy: str) -> None:
    """Lets through the rows of `table` that meet the condition, for reading and writing; the owner too."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy {policy} on {table} using ({condition}) with check ({condition})")


def upgrade() -> None:
    for statement in statements("0006_external_identities.sql"):
        op.execute(statement)
    confine(IDENTITIES, OWN, "tenant")
    # A login finds whose identity it is before anybody is logged in; it changes none.
    op.execute(f"create policy authentication on {IDENTITIES} for select using ({LOGIN})")
    confine(SPENT, LOGIN, "authentication")
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    op.execute(f"grant select, insert, update, delete on {IDENTITIES} to {runtime}")
    op.execute(f"grant select, insert, delete on {SPENT} to {runtime}")


def downgrade() -> None:
    for statement in statements("0006_drop_external_identities.sql"):
        op.execute(statement)
