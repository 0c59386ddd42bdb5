"""Accounts without a password, which providers' identities lead to; and the logins that are over."""

from alembic import op

from migrations.steps import EVERYTHING, confine, grant, run, scope

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IDENTITIES = "backend_auth.external_identities"
SPENT = "backend_auth.spent_logins"


def upgrade() -> None:
    run("0006_external_identities.sql")
    login = scope("authentication")
    confine(IDENTITIES)
    # A login finds whose identity it is before anybody is logged in; it changes none.
    op.execute(f"create policy authentication on {IDENTITIES} for select using ({login})")
    confine(SPENT, login, "authentication")
    grant(EVERYTHING, IDENTITIES)
    grant("select, insert, delete", SPENT)


def downgrade() -> None:
    run("0006_drop_external_identities.sql")
