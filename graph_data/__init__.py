"""Where graphs come from. `graph_data.load(source)` reads any supported file, folder or bundled sample."""
