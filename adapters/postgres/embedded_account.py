"""The account the embedded server runs as: Postgres refuses root, so root lends it a user without rights."""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSTEM_USER: Final = "pgserver"


class EmbeddedPostgresError(Exception):
    """The embedded server cannot run here; the message is one line that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A system user other than the current one."""

    user_id: int
    group_id: int


def account_for(user_id: int) -> Account | None:
    """None when the current user can run the server itself. Raises `EmbeddedPostgresError`."""
    if user_id != 0:
        return None
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = create()
    return Account(user_id=entry.pw_uid, group_id=entry.pw_gid)


def create() -> pwd.struct_passwd:
    """A system user without a home or a shell."""
    advice = "Postgres refuses to run as root: start as another user"
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run([*command, SYSTEM_USER], check=True, capture_output=True, text=True)  # noqa: S603 - constants only
        return pwd.getpwnam(SYSTEM_USER)
    except subprocess.CalledProcessError as error:
        reason = " ".join(str(error.stderr).split())
        raise EmbeddedPostgresError(f"{advice} (no system user could be made: {reason})") from error
    except (OSError, KeyError) as error:
        raise EmbeddedPostgresError(f"{advice} (no system user could be made: {error})") from error


def grant_search(account: Account | None, *paths: Path) -> None:
    """Lets the account pass through the directories above the paths: `o+x` where it lacks, nothing more,
    so that it can reach what it owns below root's home without being able to list anything."""
    if account is None:
        return
    for path in paths:
        resolved = path.resolve()
        for directory in (resolved, *resolved.parents):
            found = directory.stat()
            if not searchable(found, account):
                directory.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def searchable(found: os.stat_result, account: Account) -> bool:
    """Whether the account may pass through a directory, by the one class of bits that applies to it."""
    if found.st_uid == account.user_id:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.group_id:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
