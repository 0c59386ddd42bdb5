"""A repeated request whose first one has ended is answered, however many of it come at once."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")


def upgrade() -> None:
    op.execute((SQL / "0017_begin_work.sql").read_text())


def downgrade() -> None:
    whole = (SQL / "0001_tables.sql").read_text()
    name = "function backend_operations.begin_work"
    first = next(part for part in whole.split("\n----\n") if part.startswith(f"create {name}"))
    op.execute(first.replace(f"create {name}", f"create or replace {name}", 1))
