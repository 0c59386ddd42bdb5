"""A repeated request whose first one has ended is answered, however many of it come at once."""

from alembic import op

from migrations.steps import SQL, run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0017_begin_work.sql")


def downgrade() -> None:
    name = "function backend_operations.begin_work"
    whole = (SQL / "0001_tables.sql").read_text()
    first = whole[whole.index(f"create {name}") :].partition("\n----\n")[0]
    op.execute(first.replace(f"create {name}", f"create or replace {name}", 1))
