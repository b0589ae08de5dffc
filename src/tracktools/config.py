"""Every default, once: the command line reads them, functions take them, checkpoints store them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from tracktools.concise import concise
from tracktools.errors import shown


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of the network (Clauwaert et al. 2021, bbab060)."""

    n_layers: int = 6
    n_heads: int = 6
    d_model: int = 32
    d_head: int = 32
    conv_width_bp: int = 7
    attention_window_bp: int = 512  # each base attends to itself and 511 upstream
    label_shift_bp: int = 20  # the TSS at p is scored at network position p + 20

    @property
    def halo_upstream_bp(self) -> int:
        """Bases upstream of a network position that its output depends on."""
        return self.n_layers * (self.attention_window_bp - 1 + self.conv_width_bp // 2)

    @property
    def halo_downstream_bp(self) -> int:
        """Bases downstream of a network position that its output depends on."""
        return self.n_layers * (self.conv_width_bp // 2)


@dataclass(frozen=True)
class DilatedConfig:
    """Architecture of the convolutional network: residual convolutions of growing reach, without attention."""

    n_channels: int = 64  # of each member
    stem_width_bp: int = 15
    conv_width_bp: int = 3
    dilations_bp: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 1, 2, 4)  # distance between the taps, layer by layer
    label_shift_bp: int = 0  # it sees both sides alike, and answers for a base at the base
    n_members: int = 1  # networks side by side, whose log-odds are averaged

    @property
    def d_model(self) -> int:
        """Channels of the last hidden states, of all members."""
        return self.n_members * self.n_channels

    @property
    def halo_upstream_bp(self) -> int:
        """Bases upstream of a base that its output depends on; as many downstream."""
        return self.stem_width_bp // 2 + (self.conv_width_bp // 2) * sum(self.dilations_bp)

    @property
    def halo_downstream_bp(self) -> int:
        """Bases downstream of a base that its output depends on."""
        return self.halo_upstream_bp


@dataclass(frozen=True)
class ConditionedConfig(DilatedConfig):
    """Architecture of the convolutional network that is set to a genome by the genome's descriptor."""

    n_features: int = 12  # what it gets to know about a genome: `tracktools.descriptor.Reference.features`
    n_hidden: int = 16  # of each member: what scales and shifts of channels are made of


NetworkConfig = ModelConfig | DilatedConfig

ARCHITECTURES: dict[str, type[NetworkConfig]] = {
    "clauwaert2021": ModelConfig,
    "dilated": DilatedConfig,
    "conditioned": ConditionedConfig,
}


_LARGEST_SETTING = 1_000_000  # of a network: bases of a window, channels
_MOST_PARTS = 4096  # layers, heads, members, and the distance between taps


def architecture_of(config: NetworkConfig) -> str:
    """Return the name of the architecture of a configuration."""
    return next(name for name, kind in ARCHITECTURES.items() if type(config) is kind)


def read_network(architecture: str, values: Mapping[str, Any]) -> NetworkConfig:
    """Return the configuration that a file contains as plain values; lists, as JSON has them, become tuples.

    A setting that the file lacks, since it was written before there was one, has its default.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the architecture is not known, has no setting of such a name, or a setting is no number that one can have.
    """
    kind = ARCHITECTURES[architecture]
    names = {item.name for item in fields(kind)}
    if not set(values) <= names:
        raise TypeError(f"settings {sorted(values)}, expected {sorted(names)}")
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    network = kind(**settings)
    for item in fields(kind):
        _check_setting(item.name, getattr(network, item.name), getattr(kind, item.name))
    return network


def _check_setting(name: str, value: object, usual: object) -> None:
    """Refuse what no network has, before anything is made so large."""
    if isinstance(usual, tuple) != isinstance(value, tuple):
        raise TypeError(f"{name} is {shown(list(value) if isinstance(value, tuple) else value, 40)}")
    numbers: tuple[object, ...] = value if isinstance(value, tuple) else (value,)
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _LARGEST_SETTING:
            raise ValueError(f"{name} is {shown(number, 40)}, not a whole number up to {_LARGEST_SETTING:,}")
    if name in ("n_layers", "n_heads", "n_members", "dilations_bp") and max(len(numbers), *numbers) > _MOST_PARTS:  # type: ignore[call-overload]
        raise ValueError(f"{name} is {str(value)[:40]}, more than {_MOST_PARTS:,}")


@dataclass(frozen=True)
class CallConfig:
    """How TSS are called from a signal."""

    min_distance_bp: int = 6  # calls on one strand are at least this far apart; the higher wins


@dataclass(frozen=True)
class TssConfig:
    """How TSS sets are checked, curated and classified."""

    window_bp: int = 5  # |delta| up to which two positions are one TSS (Yan et al. 2018)
    min_support: int = 2
    check_min_positions: int = 100  # below this the check gives no verdict
    check_margin: float = 0.05  # by which another reading must beat the set as it is
    check_sigmas: float = 4.0
    utr_bp: int = 300  # a TSS at most so far upstream of a gene is its primary or a secondary one (TSSpredator)
    antisense_bp: int = 100  # or on the other strand, in a gene or so near to it, antisense


@dataclass(frozen=True)
class HubConfig:
    """How a hub is written."""

    display_decimals: int = 4  # of the display copies of signals
    max_filter_values: int = 24  # a text column with more distinct values gets no filter
    agree_bp: int = 5  # a called TSS so near to a measured one is drawn thick
    palest: float = 0.4  # share of its colour that an item of the lowest score keeps
    signal_percentile: float = 99.0  # of the covered bases, at which the scale of reads ends
    view_decimals: int = 2  # of signals in the one-file view
    view_least: float = 0.01  # smaller values are left out of it
    bookmark_flank_bp: int = 1000  # shown on both sides of a bookmarked gene
    default_view_bp: int = 4000  # width of the position where a browser opens
    email: str = "tracktools@localhost.localdomain"  # UCSC refuses a hub without one


@dataclass(frozen=True)
class HubCheckConfig:
    """How much ``hub check`` reads, and fetches from the web."""

    max_file_mb: int = 200  # of a larger data file only the kind is checked, in a folder too
    max_total_mb: int = 2000  # of all files together; the others are not fetched
    max_s: float = 600.0  # after that nothing more is fetched
    timeout_s: float = 30.0  # how long a server may say nothing


@dataclass(frozen=True)
class ServeConfig:
    """How a folder is served to a browser on this machine."""

    host: str = "127.0.0.1"
    port: int = 0  # 0 takes any free one
    idle_s: float = 60.0  # a connection that says nothing for so long is closed
    most_connections: int = 100  # beyond it, those that did nothing for longest are closed; each may take two files


@dataclass(frozen=True)
class ReadsConfig:
    """How measured reads become a signal."""

    signal: Literal["coverage", "5prime", "3prime"] = "coverage"  # ends are those of the RNA
    min_mapq: int = 0
    combine: Literal["sum", "mean"] = "sum"  # of replicates
    normalise: Literal["none", "cpm"] = "none"  # cpm: counts per million fragments


@dataclass(frozen=True)
class PredictConfig:
    """How a genome is scored."""

    block_bp: int = 131_072  # bases scored at once; each block brings its own full context
    engine: str = "auto"
    precision: Literal["exact", "fast"] = "exact"
    device: str = "auto"
    threads: int = 0  # 0: all cores
    cache: str = ""  # folder that keeps answers by sequence; none where it is empty
    threshold: float | None = None  # what is called, instead of what the model would call
    top: str = ""  # or this many calls, the highest: 2000, or 500/Mb
    gene_context: bool = True  # whether a model that takes the genes of the genome into account does so


@concise
@dataclass(frozen=True)
class AttentionConfig:
    """Which positions the attention of the network is described over."""

    sample_share: float = 0.01  # of all positions, drawn at random; 0: no groups random, top and bottom
    sample_most: int = 20_000  # positions in the random group (the paper drew 18,295)
    extremes: int = 500  # positions with the highest, and with the lowest, output
    whole: bool = False  # also over every position of both strands
    top_offsets: int = 5  # best-attended offsets of a head whose positions are listed
    top_positions: int = 1000
    ablate: bool = False  # score the validation part without each head
    ablate_bp: int = 100_000  # of it, at most
    attribute: bool = False  # hold the heads against input x gradient
    attribute_most: int = 200  # TSS of the first set
    seed: int = 1


@concise
@dataclass(frozen=True)
class EvaluateConfig:
    """How a signal is compared with measured TSS."""

    region: Literal["train", "valid", "test", "all"] | None = (
        None  # valid; all of a genome that a model has no split of
    )
    absent: Literal["skip", "zero"] = "skip"  # what a base without a value means: not scored, or silent
    tolerances_bp: tuple[int, ...] = (0, 1, 2, 5, 10)
    false_calls_per_mb: tuple[int, ...] = (1, 10, 100)  # per million scored positions
    min_distance_bp: int = CallConfig.min_distance_bp
    block_bp: int = 10_000  # blocks of the bootstrap: longer than most operons
    resamples: int = 200
    confidence: float = 0.95
    seed: int = 1
    near_copies: bool = False  # score again without near-copies of training sequence
    listed_calls_per_mb: int = 5000  # the highest calls, which peaks.tsv lists


@dataclass(frozen=True)
class ProfileConfig:
    """How a signal is described around sites."""

    flank_bp: int = 600  # to each side: 1,201 positions, as in the paper
    absent: Literal["skip", "zero"] = "skip"  # what a base without a value means: nothing known, or silent
    confidence: float = 0.95
    most_sites: int = 50_000  # of a set; of more sites, this many are drawn
    seed: int = 1


@concise
@dataclass(frozen=True)
class MotifConfig:
    """How motifs are made of what attention heads attend to."""

    top: int = 500  # sites a head, the best attended first (the paper took 50)
    window_bp: int = 31  # around the attended base; odd, so that this base is the middle
    min_sites: int = 40  # fewer give no motif: half of them make the matrix, half judge it
    pseudocount: float = 1.0  # added to each column, shared out as the genome's composition
    min_column_bits: float = 0.2  # the core begins and ends with columns of so much information
    min_width_bp: int = 4
    hit_p: float = 0.01  # a hit is a sequence at least so unlikely under the genome's composition
    max_q: float = 0.01  # over the heads, of the enrichment of hits
    site_p: float = 0.05  # of the letters of a line of BED; looser, since motifs of few bits have few hits
    background_sites: int = 5000  # at most, where the model output is lowest
    min_times_uniform: float = 10.0  # attention over an even share, for a site to be a line of BED
    flat_times_uniform: float = 2.0  # a head whose best sites get less is flat
    shown_heads: int = 3  # tracks that a browser opens with
    match_q: float = 0.05  # of a match to a collection, to be called one
    max_matches: int = 5  # listed a head and collection
    seed: int = 1


@dataclass(frozen=True)
class AttendedConfig:
    """Where the demo looks at attention: little enough to take as long as the prediction."""

    called: int = 300  # called TSS with the highest model output
    elsewhere_from_bp: int = 100  # downstream of each, the base with the lowest output from here
    elsewhere_to_bp: int = 400  # to here is the background: near, so that both share their context


@concise
@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained."""

    steps: int = 4000
    window_bp: int = 256  # two steps of three; the third has windows of twice the length
    positions_per_step: int = 5120
    learning_rate: float = 1.5e-3
    warmup_steps: int = 150
    weight_decay: float = 0.01
    dropout: float = 0.1
    masked_share: float = 0.05  # letters replaced by N at random, so that no single base is relied on
    positive_share: float = 0.35  # windows drawn around a TSS; the others are drawn anywhere
    focal_gamma: float = 0.8
    soft_weight: float = 0.5  # of soft labels, where there are any; 1 learns from them alone
    mutated_share: float = 0.35  # with a teacher: windows with letters drawn anew, which only the teacher labels
    clip_norm: float = 0.25
    ema_decay: float = 0.998  # what is validated and kept is the moving average of the weights
    lead_bp: int = 64  # bases at the 5' end of a window that are context only
    validate_every: int = 500
    precision: Literal["auto", "bf16", "fp32"] = "auto"  # bf16 where the CPU multiplies it itself
    seed: int = 2222
    threads: int = 1


@dataclass(frozen=True)
class MixtureConfig:
    """What a batch of a training on many species contains."""

    stretch_bp: int = 1184  # of genomes, as they come
    main_stretches: int = 6
    other_stretches: int = 7  # of the other genomes together
    windows: int = 96
    around_share: float = 0.5  # of the windows, those around a TSS
    window_weight: float = 0.7  # of a base of a window in the loss; a base of a stretch has 1
    side_weight: float = 0.5  # of a side output
    gc_alone: float = 0.5  # share of stretches and windows whose genome is described by its GC content alone
    noise: float = 0.2  # standard deviation of what is added to features, as relatives differ


# What each architecture is trained with unless told otherwise. Convolutions cost the same at every base, so that whole
# stretches of the genome as they come are their windows.
RECIPES: dict[str, TrainConfig] = {
    "clauwaert2021": TrainConfig(),
    "dilated": TrainConfig(
        window_bp=1024,
        positions_per_step=16_384,
        learning_rate=3e-3,
        warmup_steps=200,
        masked_share=0.0,
        positive_share=0.0,
        focal_gamma=0.0,
        clip_norm=1.0,
        ema_decay=0.999,
        lead_bp=128,
    ),
    "conditioned": TrainConfig(
        steps=1500,
        learning_rate=2e-3,
        masked_share=0.0,
        positive_share=0.0,
        focal_gamma=0.0,
        clip_norm=1.0,
        ema_decay=0.999,
    ),
}


# A convolutional model that is adapted to one genome: small steps from what it knows already.
ADAPTATION = replace(
    RECIPES["dilated"],
    steps=240,
    positions_per_step=8192,
    learning_rate=7e-4,
    warmup_steps=20,
    ema_decay=0.98,
    validate_every=60,
)
ADAPTATION_PARTS = (0.7, 0.1, 0.2)  # of the genome: what is learnt from, what chooses, what is held out to measure


@dataclass(frozen=True)
class MutateConfig:
    """Which bases are changed, and what is looked at."""

    upstream_bp: int = 100  # of a TSS: every base from here
    downstream_bp: int = 20  # to here is changed
    best_within_bp: int = 5  # of a TSS: the best output there is compared, too
    same_tss_bp: int = 5  # a TSS that moves by at most so many bases is the same
    drawn: int = 12  # heat maps of single TSS, the first of the file
    best: int = 10  # changes of a sequence that are proposed, of each kind
    paired: int = 50  # of the best single changes, all pairs are tried


@concise
@dataclass(frozen=True)
class ContributeConfig:
    """Whose contribution to a TSS is computed, and how."""

    upstream_bp: int = 100  # of a TSS: every base from here
    downstream_bp: int = 20  # to here
    method: Literal["auto", "mutation", "gradient"] = "auto"  # auto: the gradient for transformers


@dataclass(frozen=True)
class FetchConfig:
    """How public data sets are fetched."""

    mirror: str = "https://raw.githubusercontent.com"
    timeout_s: float = 30.0
