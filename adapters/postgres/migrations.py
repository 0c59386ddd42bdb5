"""Runs the migration history from code, the way `alembic` runs it from a shell."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config

import migrations
from adapters.postgres.provision import Logins


def configuration(logins: Logins) -> Config:
    """Alembic's configuration for these logins."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["owner_url"] = logins.owner_url
    config.attributes["runtime_url"] = logins.runtime_url
    return config


async def upgrade(logins: Logins, revision: str = "head") -> None:
    """Brings the database to `revision`; waits while another process migrates."""
    await asyncio.to_thread(command.upgrade, configuration(logins), revision)


async def downgrade(logins: Logins, revision: str) -> None:
    """Takes migrations back, down to `revision` (`base`, `-1`, or a version)."""
    await asyncio.to_thread(command.downgrade, configuration(logins), revision)
