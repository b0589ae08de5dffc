"""The sample sheet and the settings, and what the rules ask of them; no rules here."""

import json
import os
import sys
from pathlib import Path

from scripts.sample_sheet import SheetError, check_settings, plan_batches, read_samples

try:
    check_settings(config)
    SAMPLES = read_samples(Path(config["samples"]))
except SheetError as error:
    sys.exit(f"Error: {error}")

RESULTS = str(Path(config["output"]))
SCRIPTS = Path(workflow.basedir) / "scripts"

# jobs take the python that runs snakemake, or that of a conda environment, which comes before it
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))

BATCHES = {batch.key: batch for batch in plan_batches(SAMPLES, config)}


def files_of(wildcards, columns):
    """Return the files of a batch that there are; a missing one fails its genome alone."""
    rows = BATCHES[wildcards.batch].rows
    paths = [row[column] for row in rows for column in columns if column in row]
    return [path for path in paths if Path(path).is_file()]


def fastas_of(wildcards):
    """Return what a prediction is made from: the genomes, and the model where it is a file."""
    return files_of(wildcards, ["fasta"]) + [path for path in [config["model"]] if Path(path).is_file()]


def additions_of(wildcards):
    return files_of(wildcards, ["gff3", "tss", "bam"])


def shard_tables_of(wildcards):
    count = BATCHES[wildcards.batch].shards
    return [f"{RESULTS}/shards/{wildcards.batch}/{number}-of-{count}.tsv" for number in range(1, count + 1)]


def job_of(wildcards, output, shard=None):
    """Return what a script shall do, as JSON."""
    settings = {key: config[key] for key in ("model", "engine", "precision")}
    rows = BATCHES[wildcards.batch].rows
    return json.dumps({"rows": rows, "output": output, "settings": settings, "shard": shard})


def predict_job(wildcards):
    return job_of(wildcards, f"{RESULTS}/predictions")


def shard_job(wildcards):
    return job_of(wildcards, f"{RESULTS}/shards/{wildcards.batch}", f"{wildcards.number}/{wildcards.of}")


def hub_job(wildcards):
    return job_of(wildcards, RESULTS)
