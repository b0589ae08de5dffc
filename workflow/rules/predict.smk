"""Genomes to predictions: small ones together in a job, a large one in shards that are joined."""


rule predict:
    input:
        fastas_of,
    output:
        f"{RESULTS}/batches/{{batch}}.predict.tsv",
    log:
        "logs/predict/{batch}.log",
    wildcard_constraints:
        batch="small-.+",
    threads: 1
    params:
        script=SCRIPTS / "predict.py",
        job=predict_job,
    conda:
        "../envs/tracktools.yaml"
    shell:
        "python {params.script:q} {params.job:q} {threads} {output:q} > {log:q} 2>&1 "
        "|| {{ tail -n 1 {log:q} >&2; exit 1; }}"


rule shard:
    input:
        fastas_of,
    output:
        temp(f"{RESULTS}/shards/{{batch}}/{{number}}-of-{{of}}.tsv"),
    log:
        "logs/shard/{batch}.{number}-of-{of}.log",
    wildcard_constraints:
        batch="large-[^/]+",
        number="[0-9]+",
        of="[0-9]+",
    threads: 1
    params:
        script=SCRIPTS / "predict.py",
        job=shard_job,
    conda:
        "../envs/tracktools.yaml"
    shell:
        "python {params.script:q} {params.job:q} {threads} {output:q} > {log:q} 2>&1 "
        "|| {{ tail -n 1 {log:q} >&2; exit 1; }}"


rule merge:
    input:
        fastas_of,  # where it is newer than the table, the shards, which are gone, are to be made again
        shards=shard_tables_of,
    output:
        f"{RESULTS}/batches/{{batch}}.predict.tsv",
    log:
        "logs/merge/{batch}.log",
    wildcard_constraints:
        batch="large-.+",
    params:
        script=SCRIPTS / "merge.py",
        job=predict_job,
    conda:
        "../envs/tracktools.yaml"
    shell:
        "python {params.script:q} {params.job:q} {output:q} {input.shards:q} > {log:q} 2>&1 "
        "|| {{ tail -n 1 {log:q} >&2; exit 1; }}"
