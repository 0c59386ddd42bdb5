"""A child of the supervisor: started, watched, started again when it crashes, drained at the end."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import entrypoints
from entrypoints.cli import lifeline
from entrypoints.cli.errors import USAGE, CommandError

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 15.0
ATTEMPTS: Final = 5
HEALTHY_SECONDS: Final = 10.0
LOG_BYTES: Final = 64 * 1024 * 1024


class Lifeline:
    """A pipe only this process can write to: children see it close when we are gone, however we went."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()

    def close(self) -> None:
        """Tells every child to end that has not."""
        os.close(self._writing)
        os.close(self.reading)


class Child:
    """One `kgl` command in a session of its own, so that Ctrl-C reaches the supervisor alone."""

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        line: Lifeline,
        *,
        log: Path | None,
        notice: Callable[[str], None],
    ) -> None:
        self.name = name
        self._environment = environment
        self._line = line
        self._log = log
        self._notice = notice
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    async def keep(self) -> None:
        """Keeps the child running until cancelled or stopped; raises `CommandError` when it will not run."""
        failures, delay = 0, FIRST_DELAY
        while not self._stopping:
            started = time.monotonic()
            code = await self._run()
            if self.stopped:
                return
            if time.monotonic() - started > HEALTHY_SECONDS:
                failures, delay = 0, FIRST_DELAY
            failures += 1
            if code == USAGE or failures >= ATTEMPTS:
                times = f" {failures} times in a row" if failures > 1 else ""
                raise CommandError(f"`kgl {self.name}` ended{times} ({reason(code)}){self._last_words()}")
            self._notice(
                f"`kgl {self.name}` ended unexpectedly ({reason(code)}), starting again in {delay:g} s"
            )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    @property
    def stopped(self) -> bool:
        """Whether it has been told to end."""
        return self._stopping

    async def stop(self, grace: float) -> None:
        """Asks the child to drain and waits; ends it by force after `grace` seconds."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), grace)
        except TimeoutError:
            self._notice(f"`kgl {self.name}` did not end within {grace:g} s and was killed")
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """Ends the child at once, with whatever it started."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def rotate_log(self) -> None:
        """Keeps the log and one before it below a size; the child appends, so it can be cut under it."""
        if self._log is not None:
            rotate(self._log)

    async def _run(self) -> int:
        root = str(Path(entrypoints.__file__).parent.parent)
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(self._log.open("ab")) if self._log else None
            self._process = await asyncio.create_subprocess_exec(
                # -P and our own root: a directory named like one of our packages cannot come in between.
                *(sys.executable, "-P", "-m", "entrypoints.cli", self.name),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log or sys.stderr,
                stderr=log or sys.stderr,
                env={
                    **self._environment,
                    "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
                    "PYTHONUNBUFFERED": "1",
                    lifeline.VARIABLE: str(self._line.reading),
                },
                pass_fds=[self._line.reading],
                start_new_session=True,
            )
        return await self._process.wait()

    def _last_words(self) -> str:
        if self._log is None:
            return ""
        with contextlib.suppress(OSError):
            with self._log.open("rb") as file:
                file.seek(max(0, self._log.stat().st_size - 8192))
                lines = file.read().decode(errors="replace").strip().splitlines()
            if lines:
                return f": {told(lines[-1])} (see {self._log})"
        return f" (see {self._log})"


def told(line: str) -> str:
    """What a line of a log says, whether it is JSON or a plain line of ours."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line.removeprefix("kgl: ")
    if not isinstance(entry, dict):
        return line
    exception = str(entry.get("exception", "")).strip().splitlines()
    return ": ".join(part for part in (str(entry.get("event", "")), *exception[-1:]) if part)


def reason(code: int) -> str:
    """An exit code as people say it."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def rotate(log: Path, limit: int = LOG_BYTES) -> None:
    """Cuts a log that is appended to by others, keeping what was in it once."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > limit:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
