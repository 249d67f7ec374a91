"""Where graphs come from. `graph_data.load(source)` reads any supported file, folder or bundled sample."""

from graph_data import samples
from graph_data.conversions import from_networkx, from_pandas, from_pyg
from graph_data.errors import EmptyGraphError, GraphError, GraphReadError, UnknownSampleError
from graph_data.external import Workspace
from graph_data.load import load
from graph_data.textual_graph import LoadReport, TextualGraph

__all__ = [
    "EmptyGraphError",
    "GraphError",
    "GraphReadError",
    "LoadReport",
    "TextualGraph",
    "UnknownSampleError",
    "Workspace",
    "from_networkx",
    "from_pandas",
    "from_pyg",
    "load",
    "samples",
]
