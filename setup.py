"""The compiled parts: growth of Steiner trees and the scan of quantised vectors. All else is in pyproject.toml."""

from glob import glob

from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup

FOLDER = "graphrag/retrieval"
PARTS = ("growth", "scan")

setup(
    ext_modules=[
        Pybind11Extension(
            f"graphrag.retrieval._{part}", [f"{FOLDER}/{part}.cpp"], depends=glob(f"{FOLDER}/*.h"), cxx_std=17
        )
        for part in PARTS
    ]
)
