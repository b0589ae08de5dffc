"""Types of arrays, defined once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Floating = npt.NDArray[np.floating[Any]]  # of either width
Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]  # letters as numbers, A 0, C 1, G 2, T 3, any other 4
Letters = npt.NDArray[np.uint8]  # of a sequence, as ASCII
