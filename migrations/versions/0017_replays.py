"""A repeated request whose first one has ended is answered, however many of it come at once."""

from migrations.steps import put_back, run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0017_begin_work.sql")


def downgrade() -> None:
    put_back("backend_operations.begin_work", "0001_operations.sql")
