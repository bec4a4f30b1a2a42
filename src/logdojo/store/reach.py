"""How far a batch gets in its streams: what decides whether its rows are compared with those that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Reach:
    """The places of a batch, summed up.

    Args:
        first: stream → its lowest offset.
        last: stream → its highest offset.
        rising: whether the offsets of each stream grow from row to row, so that no place comes twice.
    """

    first: Mapping[str, int]
    last: Mapping[str, int]
    rising: bool

    def beyond(self, high: Mapping[str, int]) -> bool:
        """Return whether every place lies beyond the highest stored offset of its stream."""
        return self.rising and all(offset > high[stream] for stream, offset in self.first.items())


def reach_of(streams: pa.ChunkedArray, offsets: pa.ChunkedArray) -> Reach:
    """Sum up the places of a batch, given by its two columns, without an object for each row."""
    import numpy as np
    import pyarrow as pa

    encoded = pa.concat_arrays(streams.chunks).dictionary_encode()
    codes, at = encoded.indices.to_numpy(), offsets.to_numpy()
    names = encoded.dictionary.to_pylist()
    order = np.argsort(codes, kind="stable")
    codes, at = codes[order], at[order]
    same = codes[1:] == codes[:-1]
    begins = np.flatnonzero(np.concatenate(([True], ~same)))
    lowest, highest = np.minimum.reduceat(at, begins), np.maximum.reduceat(at, begins)
    return Reach(
        dict(zip(names, lowest.tolist(), strict=True)),
        dict(zip(names, highest.tolist(), strict=True)),
        bool(np.all((np.diff(at) > 0) | ~same)),
    )
