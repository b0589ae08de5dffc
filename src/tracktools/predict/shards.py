"""Shards of a run, for several machines: the blocks of each, and the content of its folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tracktools.errors import ConfigError
from tracktools.predict.manifest import Manifest

LEAST_BLOCK_BP = 16_384  # shorter ones would mostly read their context
_BLOCKS_OF_A_SHARD = 8  # at least, so that shards are alike


@dataclass(frozen=True)
class Shard:
    """One of several shards of a run.

    Parameters
    ----------
    number : int
        Which one, from 1.
    of : int
        How many there are.

    Raises
    ------
    ConfigError
        If ``1 <= number <= of`` does not hold.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ConfigError(f"there is no shard {self}: write I/N with I from 1 to N, such as 1/{max(self.of, 2)}")

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``number/of``.

        Examples
        --------
        >>> Shard.parse("2/4")
        Shard(number=2, of=4)
        """
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
        if match is None:
            raise ConfigError(f"--shard is {text!r} (write number/count, such as 1/4)")
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class ShardResult:
    """What the computing of a shard made.

    Parameters
    ----------
    folder : Path
        The output folder.
    shard : Shard
        Which it is.
    positions : int
        How many positions it has, on both strands.
    """

    folder: Path
    shard: Shard
    positions: int


def block_bp_for(manifest: Manifest, shard: Shard) -> int:
    """Return the length of blocks that lets shards be alike: eight blocks a shard, if they are not too short then.

    No value depends on it.
    """
    positions = sum(map(len, manifest.blocks))
    return min(manifest.block_bp, max(positions // (_BLOCKS_OF_A_SHARD * shard.of), LEAST_BLOCK_BP))
