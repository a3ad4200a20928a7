"""The doctor: looks at a machine and the object on it, and says what is wrong and which command mends it.

Each subject is a module: it reads facts with a small reader, and judges each of them by functions `fact ->
Finding or None`. The words of all findings stand in `edge/provision/findings.toml`.
"""
