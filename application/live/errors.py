"""What the live feed can refuse."""

from domain.shared.errors import Unavailable


class TooManySubscribers(Unavailable):
    """This account reads the live feed in too many places at once."""


class FeedClosed(Unavailable):
    """The live feed is shutting down or starting up; connect again in a moment."""
