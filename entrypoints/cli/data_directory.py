"""What is kept in DATA_DIR besides the database: one owner at a time, secrets, logs, the demo account."""

import contextlib
import fcntl
import os
import secrets
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec

from adapters.security.sealing import new_key
from entrypoints.cli.errors import CommandError

Kept = TypeVar("Kept", bound=msgspec.Struct)


class Secrets(msgspec.Struct, frozen=True):
    """Made once; every password of the embedded server and the key that seals what the database keeps.

    Directories of older versions have no `credentials_key` until the next start.
    """

    admin_password: str
    owner_password: str
    runtime_password: str
    credentials_key: str = ""

    def __repr__(self) -> str:
        return "Secrets()"


class DemoAccount(msgspec.Struct, kw_only=True):
    """`ingested` once the samples have gone all the way; `url` is where the API was last started."""

    email: str
    password: str
    url: str
    ingested: bool = False

    def __repr__(self) -> str:
        return f"DemoAccount({self.email})"


class DataDirectory:
    """Refusals are `CommandError`s that name the path."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.normpath(path.absolute()))
        self._lock: int | None = None

    @property
    def postgres(self) -> Path:
        """The embedded server's own directory."""
        return self.path / "postgres"

    def log(self, name: str) -> Path:
        """Where a process of this name logs to."""
        return self.path / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Makes the directory and finds out whether it can be written to."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.path / "logs").mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise self.refusal(error) from error

    def claim(self) -> bool:
        """Whether this process now is the one that runs servers on this directory, until it ends."""
        try:
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self.refusal(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:
            os.close(descriptor)
            raise self.refusal(error) from error
        self._lock = descriptor
        return True

    def release(self) -> None:
        """Lets others run servers on this directory."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def secrets(self) -> Secrets:
        """The secrets of this directory, made now when there are none. Only for its owner."""
        path = self.path / "secrets.json"
        if found := self._read(path, Secrets):
            if not found.credentials_key:
                found = msgspec.structs.replace(found, credentials_key=new_key())
                self._write(path, found)
            return found
        if (self.postgres / "PG_VERSION").exists():
            raise CommandError(f"{path} is missing, and the database beside it cannot be opened without it")
        admin, owner, runtime = (secrets.token_urlsafe(36) for _ in range(3))
        made = Secrets(admin, owner, runtime, new_key())
        self._write(path, made)
        return made

    def existing_secrets(self) -> Secrets | None:
        """The secrets of this directory, if there are any."""
        return self._read(self.path / "secrets.json", Secrets)

    def demo(self) -> DemoAccount | None:
        """The demo account, once there is one."""
        return self._read(self.path / "demo.json", DemoAccount)

    def keep_demo(self, account: DemoAccount) -> None:
        """Remembers the demo account."""
        self._write(self.path / "demo.json", account)

    def refusal(self, error: OSError) -> CommandError:
        """Why the directory cannot be used."""
        return CommandError(f"DATA_DIR {self.path} cannot be used: {error.strerror}")

    def _read(self, path: Path, kind: type[Kept]) -> Kept | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} is damaged: {error}") from error

    def _write(self, path: Path, value: msgspec.Struct) -> None:
        """Readable by its owner alone, and either wholly there or not at all."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(value)) + b"\n")
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        except OSError as error:
            raise self.refusal(error) from error
