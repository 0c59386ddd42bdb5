"""The keys tokens are signed with, shared by all processes and reached through two functions."""

from pathlib import Path

from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")
FUNCTIONS = (
    "backend_auth.read_signing_keys()",
    "backend_auth.replace_signing_keys("
    "text[], text[], text[], bytea[], timestamptz[], timestamptz[], timestamptz[])",
)


def statements(name: str) -> list[str]:
    """The statements of one file; a line of dashes parts them, because functions hold semicolons."""
    return [part.strip() for part in (SQL / name).read_text().split("\n----\n") if part.strip()]


def upgrade() -> None:
    for statement in statements("0005_signing_keys.sql"):
        op.execute(statement)
    runtime = '"' + str(context.config.attributes["runtime_role"]).replace('"', '""') + '"'
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {runtime}")


def downgrade() -> None:
    for statement in statements("0005_drop_signing_keys.sql"):
        op.execute(statement)
