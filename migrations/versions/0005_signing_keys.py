"""The keys tokens are signed with, shared by all processes and reached through two functions."""

from alembic import op

from migrations.steps import grant, run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FUNCTIONS = (
    "backend_auth.read_signing_keys()",
    "backend_auth.replace_signing_keys("
    "text[], text[], text[], bytea[], timestamptz[], timestamptz[], timestamptz[])",
)


def upgrade() -> None:
    run("0005_signing_keys.sql")
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
        grant("execute", f"function {function}")


def downgrade() -> None:
    run("0005_drop_signing_keys.sql")
