"""What each base does for the TSS near it, as tracks that browsers draw as letters."""

from tracktools.contribute.run import Contributions, compute_contributions

__all__ = ["Contributions", "compute_contributions"]
