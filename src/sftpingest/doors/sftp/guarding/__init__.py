"""Who may come as far as the door, and stay: bans, limits, balancers.

In: connections, refusals, what other processes saw. Out: yes, no, not yet.
"""
