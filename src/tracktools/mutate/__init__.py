"""In-silico mutagenesis: what changes of the sequence do to the model output and to TSS."""

from tracktools.mutate.all import merge_all, mutate_all
from tracktools.mutate.at import SiteEffects, mutate_sites
from tracktools.mutate.design import DesignedChanges, design_changes
from tracktools.mutate.sequence import mutate_sequence
from tracktools.mutate.vcf import VariantEffects, mutate_variants

__all__ = [
    "DesignedChanges",
    "SiteEffects",
    "VariantEffects",
    "design_changes",
    "merge_all",
    "mutate_all",
    "mutate_sequence",
    "mutate_sites",
    "mutate_variants",
]
