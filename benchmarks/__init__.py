"""What we claim about speed, re-runnable, beside the bare limit of the stores.

In:  nothing; districts are generated here.
Out: benchmarks/latest.json and a table, see benchmarks/README.md.
"""
