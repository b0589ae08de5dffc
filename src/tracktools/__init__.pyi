"""A genome FASTA in, browser tracks out: every public name, and where it is."""

from .answers.confirm import Confirmation, ConfirmOptions, confirm_tss
from .answers.promoter_folder import PromoterOptions, PromoterSet, find_promoters
from .answers.promoters import PromoterModel
from .answers.table import TableOptions, TssTable, make_tss_table
from .attention import AttentionRun, attend_genome
from .attention.tables import Tables
from .bundle import Bundle, load_bundle
from .config import (
    AttentionConfig,
    ConditionedConfig,
    ContributeConfig,
    DilatedConfig,
    EvaluateConfig,
    HubCheckConfig,
    ModelConfig,
    MotifConfig,
    MutateConfig,
    PredictConfig,
    ProfileConfig,
    TrainConfig,
)
from .contribute import Contributions, compute_contributions
from .descriptor import Descriptor
from .errors import TracktoolsError
from .evaluate import Evaluation, ScopeOptions, SignalInput, evaluate_tracks
from .evaluate.scope import Scope
from .evaluate.scoring import Curve
from .fetch import fetch_data_set
from .gene_context import GeneContext, GenomeContext, LogOddsSteps
from .gene_finder import FoundGenes
from .genome import Contig, Genome, load_genome
from .hub.build import BuiltHub, build_hub
from .hub.check import Finding, Level, check_hub
from .hub.model import Hub
from .interval import Interval
from .model.checkpoint import Checkpoint, Metadata
from .model.parameters import Parameters
from .motifs import MotifResult, find_motifs
from .motifs.discover import HeadMotif
from .motifs.sites import SiteBed
from .mutate import (
    DesignedChanges,
    SiteEffects,
    VariantEffects,
    design_changes,
    mutate_all,
    mutate_sequence,
    mutate_sites,
    mutate_variants,
)
from .predict import (
    Model,
    Models,
    Prediction,
    Scorer,
    Selection,
    Shard,
    ShardResult,
    StrandSignals,
    load_model,
    load_prediction,
    merge_shards,
    predict_genome,
    predict_out_of_fold,
    predict_sequence,
    predict_shard,
    read_folds,
    read_selection,
)
from .profile import ProfileOptions, ProfileResult, profile_sites
from .profile.matrix import SignalSource
from .profile.sites import Sites, SiteSource
from .regions import place_annotation, read_annotation, read_genes
from .regions.annotation_file import Annotation
from .regions.placed import PlacedAnnotation
from .splits import Region, Split
from .tracks import HasFolder
from .train import SoftLabels, TrainedFolds, TrainedModel, adapt_model, choose_split, train_folds, train_model
from .tss.assemblies import Chain, load_chain
from .tss.call import CalledSet, call_tss
from .tss.curate import CuratedSet, curate_tss
from .tss.importing import ImportedSet, ImportRequest, import_tss
from .tss.layouts import Layout
from .tss.lift import LiftedSet, lift_tss
from .tss.row_parser import Refusal

__all__ = [
    "Annotation",
    "AttentionConfig",
    "AttentionRun",
    "BuiltHub",
    "Bundle",
    "CalledSet",
    "Chain",
    "Checkpoint",
    "ConditionedConfig",
    "ConfirmOptions",
    "Confirmation",
    "Contig",
    "ContributeConfig",
    "Contributions",
    "CuratedSet",
    "Curve",
    "Descriptor",
    "DesignedChanges",
    "DilatedConfig",
    "EvaluateConfig",
    "Evaluation",
    "Finding",
    "FoundGenes",
    "GeneContext",
    "Genome",
    "GenomeContext",
    "HasFolder",
    "HeadMotif",
    "Hub",
    "HubCheckConfig",
    "ImportRequest",
    "ImportedSet",
    "Interval",
    "Layout",
    "Level",
    "LiftedSet",
    "LogOddsSteps",
    "Metadata",
    "Model",
    "ModelConfig",
    "Models",
    "MotifConfig",
    "MotifResult",
    "MutateConfig",
    "Parameters",
    "PlacedAnnotation",
    "PredictConfig",
    "Prediction",
    "ProfileConfig",
    "ProfileOptions",
    "ProfileResult",
    "PromoterModel",
    "PromoterOptions",
    "PromoterSet",
    "Refusal",
    "Region",
    "Scope",
    "ScopeOptions",
    "Scorer",
    "Selection",
    "Shard",
    "ShardResult",
    "SignalInput",
    "SignalSource",
    "SiteBed",
    "SiteEffects",
    "SiteSource",
    "Sites",
    "SoftLabels",
    "Split",
    "StrandSignals",
    "TableOptions",
    "Tables",
    "TracktoolsError",
    "TrainConfig",
    "TrainedFolds",
    "TrainedModel",
    "TssTable",
    "VariantEffects",
    "adapt_model",
    "attend_genome",
    "build_hub",
    "call_tss",
    "check_hub",
    "choose_split",
    "compute_contributions",
    "confirm_tss",
    "curate_tss",
    "design_changes",
    "evaluate_tracks",
    "fetch_data_set",
    "find_motifs",
    "find_promoters",
    "import_tss",
    "lift_tss",
    "load_bundle",
    "load_chain",
    "load_genome",
    "load_model",
    "load_prediction",
    "make_tss_table",
    "merge_shards",
    "mutate_all",
    "mutate_sequence",
    "mutate_sites",
    "mutate_variants",
    "place_annotation",
    "predict_genome",
    "predict_out_of_fold",
    "predict_sequence",
    "predict_shard",
    "profile_sites",
    "read_annotation",
    "read_folds",
    "read_genes",
    "read_selection",
    "train_folds",
    "train_model",
]

__version__: str
