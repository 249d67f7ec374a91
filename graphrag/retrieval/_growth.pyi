from typing import Any

import numpy.typing as npt

def grow(
    indptr: npt.ArrayLike,
    incident: npt.ArrayLike,
    source: npt.ArrayLike,
    target: npt.ArrayLike,
    costs: npt.ArrayLike,
    cheap: npt.ArrayLike,
    cheap_costs: npt.ArrayLike,
    dear: npt.ArrayLike,
    terminals: npt.ArrayLike,
    prizes: npt.ArrayLike,
) -> dict[str, Any]: ...
