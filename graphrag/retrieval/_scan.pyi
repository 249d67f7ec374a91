import numpy as np
import numpy.typing as npt

def candidates(
    codes: npt.NDArray[np.int8],
    scales: npt.NDArray[np.float32],
    errors: npt.NDArray[np.float32],
    query: npt.NDArray[np.int16],
    unit: float,
    slack: float,
    k: int,
) -> npt.NDArray[np.int64]: ...
