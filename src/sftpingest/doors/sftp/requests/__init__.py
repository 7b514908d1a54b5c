"""One SFTP channel: bytes cut into requests, and each request answered.

In: runs of bytes. Out: calls of a `Session`, and answers in our words.
"""
