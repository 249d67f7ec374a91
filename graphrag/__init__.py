"""Ask questions of a textual graph. `GraphRAG(graph).ask(question)` answers and shows its evidence."""
