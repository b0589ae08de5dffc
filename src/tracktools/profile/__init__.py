"""The signal around sites (TSS, gene starts, pseudogenes, terminators), and its levels in and between genes."""

from tracktools.profile.run import ProfileOptions, ProfileResult, profile_sites

__all__ = ["ProfileOptions", "ProfileResult", "profile_sites"]
