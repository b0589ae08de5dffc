"""Predictions to track hubs, with measured TSS, reads and genes where the sheet has them."""


rule hub:
    input:
        additions_of,
        predicted=f"{RESULTS}/batches/{{batch}}.predict.tsv",
    output:
        f"{RESULTS}/batches/{{batch}}.hub.tsv",
    log:
        "logs/hub/{batch}.log",
    params:
        script=SCRIPTS / "hub.py",
        job=hub_job,
    conda:
        "../envs/tracktools.yaml"
    shell:
        "python {params.script:q} {params.job:q} {threads} {output:q} {input.predicted:q} > {log:q} 2>&1 "
        "|| {{ tail -n 1 {log:q} >&2; exit 1; }}"
