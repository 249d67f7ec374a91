"""The compiled parts: growth of Steiner trees and the scan of quantised vectors. All else is in pyproject.toml."""

from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup

PARTS = ("growth", "scan")

setup(
    ext_modules=[
        Pybind11Extension(f"graphrag.retrieval._{part}", [f"graphrag/retrieval/{part}.cpp"], cxx_std=17)
        for part in PARTS
    ]
)
