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
    name = "function backend_operations.begin_work"
    whole = (SQL / "0001_tables.sql").read_text()
    first = whole[whole.index(f"create {name}") :].partition("\n----\n")[0]
    op.execute(first.replace(f"create {name}", f"create or replace {name}", 1))
