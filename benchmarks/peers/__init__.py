"""Published servers that give a table as JSON, beside our pages: Datasette on SQLite, PostGraphile on PostgreSQL.

In:  the users that our door gives, as a plain table. `make peers` installs the servers in build/peers.
Out: figures for benchmarks/vendor.py.
"""
