"""Golden vectors: what the contract is, byte by byte, for whoever builds the other end.

`python -m tests.contract.vectors --write` makes the files anew, `--check` says whether they still are what
our code makes. A vector that changes is a journal that can no longer be read: there must be no such change.
"""
