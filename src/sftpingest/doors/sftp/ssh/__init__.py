"""How the door speaks SSH: its keys and algorithms, and the short way that the bytes of an upload take.

In: settings of a port; bytes from sockets. Out: opened packets, answers on their way.
"""
