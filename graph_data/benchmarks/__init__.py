"""Question sets with gold answers and official splits. `load_benchmark(name, data_dir)` gives a graph and its
questions."""

from graph_data.benchmarks.questions import Question, load_questions
from graph_data.benchmarks.registry import BENCHMARKS, Benchmark, load_benchmark

__all__ = ["BENCHMARKS", "Benchmark", "Question", "load_benchmark", "load_questions"]
