"""How good the answers are: `evaluate(rag, questions)` asks them all and reports."""

from graphrag.evaluation.report import Record, Report
from graphrag.evaluation.runner import evaluate

__all__ = ["Record", "Report", "evaluate"]
