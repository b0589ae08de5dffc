"""``tracktools models``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click


@click.group()
def models() -> None:
    """List, show and verify the models that ship with tracktools, or checkpoint files."""


@models.command("list")
def list_models() -> None:
    """Print a line a shipped model: name, species, validation figures, threshold.

    \b
    Example:
      tracktools models list
    """
    from tracktools.model.registry import load_model, shipped_models

    click.echo("name\tspecies\tvalidation_roc_auc\tvalidation_ap\tprevalence\tcall_threshold\tsha256")
    for name in shipped_models():
        checkpoint = load_model(name)
        metadata = checkpoint.metadata
        scores = metadata.metrics.get("validation", {})
        figures = [
            f"{scores[key]:.4g}" if key in scores else "" for key in ("roc_auc", "average_precision", "prevalence")
        ]
        threshold = "" if metadata.call_threshold is None else f"{metadata.call_threshold:.3g}"
        click.echo("\t".join([metadata.name, metadata.species, *figures, threshold, checkpoint.sha256]))


@models.command("show")
@click.argument("model")
def show_model(model: str) -> None:
    """Print everything that the checkpoint MODEL says of itself, as JSON.

    \b
    Example:
      tracktools models show ecoli-tss
    """
    from tracktools.model.registry import load_model

    checkpoint = load_model(model)
    header = {"sha256": checkpoint.sha256, "config": asdict(checkpoint.model.config), **asdict(checkpoint.metadata)}
    click.echo(json.dumps(header, indent=2))


@models.command("verify")
@click.argument("model", nargs=-1)
def verify_models(model: tuple[str, ...]) -> None:
    """Check that the weights of MODEL, by default of every shipped model, give the predictions recorded with them.

    \b
    Example:
      tracktools models verify
    """
    from tracktools.model.checkpoint import GOLDEN_TOLERANCE, verify_golden
    from tracktools.model.registry import load_model, shipped_models

    for name in model or shipped_models():
        difference = verify_golden(load_model(name))
        click.echo(f"{name}: golden predictions within {difference:.1e} (allowed: {GOLDEN_TOLERANCE:.0e})")
