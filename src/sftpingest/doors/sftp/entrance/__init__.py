"""From the first packet of a connection until somebody is in: names, proofs, and whose folder it is.

In: what a client shows. Out: an `Entry`, or a refusal.
"""
