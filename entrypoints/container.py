"""Which adapter stands behind which port, one module for each part of the product."""

from entrypoints.containers.credentials import Credentials
from entrypoints.containers.graph import Graph
from entrypoints.containers.graph_merging import GraphMerging
from entrypoints.containers.graph_schema import GraphDeclarations
from entrypoints.containers.knowledge import Knowledge
from entrypoints.containers.oauth import OAuth
from entrypoints.containers.oidc import Oidc
from entrypoints.containers.programs import Programs


class Container(OAuth, Oidc, Programs, Credentials, Graph, GraphDeclarations, GraphMerging, Knowledge):
    """Everything of a process that needs the database; hand in what is open."""
