"""One table over all genomes, and an exit status that tells whether any failed."""


rule summary:
    input:
        expand(f"{RESULTS}/batches/{{batch}}.{{step}}.tsv", batch=BATCHES, step=["predict", "hub"]),
    output:
        tsv=f"{RESULTS}/summary.tsv",
        html=f"{RESULTS}/summary.html",
    log:
        "logs/summary.log",
    params:
        script=SCRIPTS / "summarise.py",
    conda:
        "../envs/tracktools.yaml"
    shell:
        "python {params.script:q} {output.tsv:q} {output.html:q} {input:q} > {log:q} 2>&1 "
        "|| {{ tail -n 1 {log:q} >&2; exit 1; }}"


rule check:
    input:
        f"{RESULTS}/summary.tsv",
    output:
        f"{RESULTS}/checked.txt",
    log:
        "logs/check.log",
    params:
        script=SCRIPTS / "check.py",
    conda:
        "../envs/tracktools.yaml"
    shell:
        "python {params.script:q} {input:q} > {output:q} 2> >(tee {log:q} >&2)"
