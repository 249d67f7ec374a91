"""Report: what an evaluation found, as JSON, as a table for people, and as files; a `Record` is one reply measured.

A metric that does not apply is absent. `hit`, `hit_at_1`, `precision`, `recall`, `f1` and `exact_match`
are means over the answerable questions; `accuracy` is over all: a gold answer first, or rightly "the graph does not
say".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrag.errors import ConfigError
from graphrag.evaluation import metrics
from graphrag.evaluation.metrics import SelectivePoint
from graphrag.pictures import Line, Panel, draw

if TYPE_CHECKING:
    from rich.table import Table

_OF_ANSWERABLE = ("hit", "hit_at_1", "precision", "recall", "f1", "exact_match")
_WORDS = {
    "hit": "a gold answer stands in the reply",
    "hit_at_1": "the first answer is a gold one",
    "precision": "share of the answers that are gold",
    "recall": "share of the gold answers given",
    "f1": "of precision and recall, a question at a time",
    "exact_match": "all gold answers and no other",
    "accuracy": "right first answer, or rightly abstained",
    "abstained_on_unanswerable": "abstained where the graph does not say",
    "abstained_on_answerable": "abstained where it does",
}


@dataclass(frozen=True)
class Record:
    """One question, its reply and how good it is. Scores are None where they do not apply.

    Attributes:
        hit, hit_at_1, precision, recall, f1, exact_match: of answerable questions; 0..1.
        right: the first answer is a gold one, or the graph does not say and the reply says so.
        coverage: share of the gold answers in the evidence.
        valid_nodes: share of the answers that name something in the graph; None without any,
            or for yes, no and numbers.
        valid_edges: share of the evidence's edges that are edges of the graph; None without edges.
        error: why the question could not be asked; scored as a wrong reply.
    """

    id: str
    question: str
    gold: tuple[str, ...]
    reply: str
    answers: tuple[str, ...]
    abstained: bool
    confidence: float
    right: bool
    hit: float | None
    hit_at_1: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    exact_match: float | None
    coverage: float | None
    nodes: int
    edges: int
    tokens: int
    valid_nodes: float | None
    valid_edges: float | None
    seconds: float
    error: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.gold)


@dataclass(frozen=True)
class Report:
    """One evaluation.

    Attributes:
        benchmark, split, method, model: what was run.
        records: one a question, in the order asked.
        options: what else chose the questions, e.g. MetaQA's number of hops.
    """

    benchmark: str
    split: str
    method: str
    model: str
    records: tuple[Record, ...] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """Means of the scores, those that apply."""
        found = {name: metrics.mean(_there(getattr(r, name) for r in self.records)) for name in _OF_ANSWERABLE}
        found["accuracy"] = metrics.mean(float(r.right) for r in self.records)
        found["abstained_on_unanswerable"] = metrics.mean(float(r.abstained) for r in self.records if not r.answerable)
        found["abstained_on_answerable"] = metrics.mean(float(r.abstained) for r in self.records if r.answerable)
        return {name: round(value, 4) for name, value in found.items() if value is not None}

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % bootstrap intervals of `hit_at_1`, `f1` and `accuracy`, those that apply."""
        values = {name: _there(getattr(record, name) for record in self.records) for name in ("hit_at_1", "f1")}
        values["accuracy"] = [float(record.right) for record in self.records]
        return {name: _rounded(metrics.interval(scores)) for name, scores in values.items() if scores}

    @property
    def risk_coverage(self) -> list[SelectivePoint]:
        """What the confidences are worth: the curve of answering only from one on."""
        answered = self._answered()
        return metrics.risk_coverage([r.confidence for r in answered], [r.right for r in answered], len(self.records))

    @property
    def confidence(self) -> dict[str, float]:
        """Mean risk over all coverages, and by how much confidences are off; of the replies that are no abstentions."""
        answered = self._answered()
        error = metrics.calibration_error([r.confidence for r in answered], [r.right for r in answered])
        found = {"mean_risk": metrics.area_under_risk(self.risk_coverage), "calibration_error": error}
        return {name: round(value, 4) for name, value in found.items() if value is not None}

    def _answered(self) -> list[Record]:
        return [record for record in self.records if not record.abstained and not record.error]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `graphrag eval --json`."""
        return {
            "benchmark": self.benchmark,
            "split": self.split,
            "method": self.method,
            "model": self.model,
            "n": len(self.records),
            "metrics": self.metrics,
            "retrieval": self._retrieval(),
            "grounding": self._grounding(),
            "seconds_per_question": self._seconds(),
            **({"options": dict(self.options)} if self.options else {}),
        }

    def _retrieval(self) -> dict[str, float]:
        found = {
            "coverage": metrics.mean(_there(record.coverage for record in self.records)),
            "nodes_mean": metrics.mean(float(record.nodes) for record in self.records),
            "edges_mean": metrics.mean(float(record.edges) for record in self.records),
            "tokens_mean": metrics.mean(float(record.tokens) for record in self.records),
        }
        return {name: round(value, 4) for name, value in found.items() if value is not None}

    def _grounding(self) -> dict[str, float]:
        judged = [record for record in self.records if not (record.valid_nodes is None and record.valid_edges is None)]
        found = {
            "valid_nodes": metrics.mean(_there(record.valid_nodes for record in self.records)),
            "valid_edges": metrics.mean(_there(record.valid_edges for record in self.records)),
            "fully_valid": metrics.mean(float({r.valid_nodes, r.valid_edges} <= {1.0, None}) for r in judged),
        }
        return {name: round(value, 4) for name, value in found.items() if value is not None}

    def _seconds(self) -> dict[str, float]:
        if not self.records:
            return {}
        median, p95 = np.quantile([record.seconds for record in self.records], [0.5, 0.95])
        return {"median": round(float(median), 4), "p95": round(float(p95), 4)}

    def table(self) -> Table:
        """The report for people."""
        from rich.table import Table

        answerable = sum(record.answerable for record in self.records)
        options = [f"{name} {value}" for name, value in self.options.items()]
        about = [self.benchmark, self.split, *options, self.method, self.model]
        table = Table(title=" · ".join(filter(None, about)), title_justify="left", caption_justify="left")
        table.caption = f"{len(self.records):,} questions, {answerable:,} of them answerable"
        for column in ("", "value", "95 %", "what it is"):
            table.add_column(column, justify="left" if column in ("", "what it is") else "right", no_wrap=not column)
        for name, value in self.metrics.items():
            low_high = self.intervals.get(name)
            table.add_row(
                name, f"{value:.3f}", f"{low_high[0]:.3f}-{low_high[1]:.3f}" if low_high else "", _WORDS[name]
            )
        table.add_section()
        for group, values in (
            ("retrieval", self._retrieval()),
            ("grounding", self._grounding()),
            ("confidence", self.confidence),
            ("seconds a question", self._seconds()),
        ):
            for name, value in values.items():
                table.add_row(name, f"{value:.3f}", "", group)
        return table


class Written:
    """An evaluation as files in a folder.

    `results.jsonl`, a line a question once it is scored; `report.json`; `risk_coverage.svg`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._results = (folder / "results.jsonl").open("w", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"--out {folder}: results cannot be written there ({error.strerror}).") from error

    def keep(self, record: Record) -> None:
        """Write one record down."""
        print(json.dumps(asdict(record), ensure_ascii=False), file=self._results, flush=True)

    def finish(self, report: Report) -> None:
        """Write `report.json`, the report with its intervals and its risk-coverage curve, and draw the curve."""
        self._results.close()
        content = {
            **report.to_dict(),
            "intervals_95": report.intervals,
            "n_answerable": sum(record.answerable for record in report.records),
            "confidence": report.confidence,
            "risk_coverage": [asdict(point) for point in report.risk_coverage],
        }
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (self.folder / "report.json").write_text(text + "\n", encoding="utf-8")
        if curve := report.risk_coverage:
            line = Line(report.method, [point.coverage for point in curve], [point.risk for point in curve])
            panel = Panel(report.benchmark, "share of the questions answered", "share of these replies wrong", [line])
            draw(self.folder / "risk_coverage.svg", [panel])


def _there(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _rounded(pair: tuple[float, float]) -> tuple[float, float]:
    return round(pair[0], 4), round(pair[1], 4)
