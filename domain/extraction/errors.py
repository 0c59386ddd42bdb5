"""What extraction jobs refuse."""

from domain.shared.errors import Conflict, NotFound


class JobNotFound(NotFound):
    """There is no such job."""


class JobAlreadyFinished(Conflict):
    """The job has finished: there is nothing left to cancel."""


class NothingToRetry(Conflict):
    """No item of the job has failed or was cancelled."""
