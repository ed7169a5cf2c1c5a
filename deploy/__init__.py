"""Lookalike as a serverless application: what Lambda gets, made, trimmed and proven here; Terraform puts it there.

`make package` runs `python -m deploy package`:

    requirements.txt ── wheels.fetch ──> a folder for each target (Python, architecture)
                     ── trimming.trim ──> without what no function imports, links or reads
                     ── building.build ──> dist/lambda/TARGET: function.zip and the layers models.zip and video.zip
                     ── proof.prove ──> each function answered real events, from those folders and nothing else

`terraform/` reads the zips, `tables.json` (made from the store's own models by `tables`) and the stages of
`.chalice/config.json`; `policies/` says what each function may do. `costs` and `simulation` compute what
docs/deploy.md tells.

The price: the trimming is a list of what a release of somebody else's library does not need. The proof is what keeps
it true, so a new pin in requirements.txt means to run it again.
"""
