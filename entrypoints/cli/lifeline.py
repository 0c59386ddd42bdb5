"""A child ends when its supervisor is gone, however it went: the kernel closes the pipe between them."""

import os
import signal
import threading
from typing import Final

VARIABLE: Final = "KGL_LIFELINE"


def hold(grace: float) -> None:
    """Watches the pipe named in the environment, if there is one; `grace` seconds are left to drain."""
    descriptor = os.environ.pop(VARIABLE, "")
    if descriptor.isdecimal():
        threading.Thread(target=wait, args=(int(descriptor), grace), name="lifeline", daemon=True).start()


def wait(descriptor: int, grace: float) -> None:
    """Blocks until the other end is closed, then ends this process: in order first, by force after."""
    os.set_inheritable(descriptor, False)
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace)
    os._exit(1)
