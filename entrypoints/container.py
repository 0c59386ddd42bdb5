"""Which adapter stands behind which port, one module for each part of the product."""

from entrypoints.containers.graph import Graph
from entrypoints.containers.identity import Identity
from entrypoints.containers.knowledge import Knowledge


class Container(Identity, Graph, Knowledge):
    """Everything of a process that needs the database; hand in what is open."""
