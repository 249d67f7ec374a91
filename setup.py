"""The one compiled part: growth of Steiner trees (`graphrag/retrieval/growth.cpp`). All else is in pyproject.toml."""

from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup

setup(ext_modules=[Pybind11Extension("graphrag.retrieval._growth", ["graphrag/retrieval/growth.cpp"], cxx_std=17)])
