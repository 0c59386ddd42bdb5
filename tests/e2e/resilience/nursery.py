"""Consumers that begin at once: a process that has everything imported forks one for each line it reads.

Killing many is then a matter of their work, not of seconds of start-up between two deaths.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path


def be_born(log: Path) -> None:
    """Becomes `kgl consume`, as if started by itself."""
    from entrypoints.cli.main import main  # noqa: PLC0415 - imported by the parent, before the fork

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for target, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, target)
    sys.argv = ["kgl", "consume"]
    main()


def run() -> None:
    """Says when it is ready, then reads names of logs and answers with process ids, until nobody writes any
    more."""
    import entrypoints.cli.main  # noqa: PLC0415 - so that children need not
    import entrypoints.consume  # noqa: PLC0415, F401 - so that children need not

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead need no waiting for
    children = []
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                be_born(Path(line.strip()))
                code = 0
            finally:
                os._exit(code)
        with contextlib.suppress(ProcessLookupError):
            children.append(os.pidfd_open(child))  # a number may be somebody else's by the end
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(child, signal.SIGKILL)


if __name__ == "__main__":
    run()
