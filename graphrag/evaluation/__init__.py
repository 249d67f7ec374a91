"""How good the answers are: `evaluate(rag, questions)` asks them all and reports."""

from graphrag.evaluation.report import Report
from graphrag.evaluation.runner import Record, evaluate

__all__ = ["Record", "Report", "evaluate"]
