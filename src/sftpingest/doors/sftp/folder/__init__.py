"""What a client does in its district's folder: files opened, written, published, listed.

In: paths, pieces, open files. Out: whole files in home/, reports to read.
"""
