"""What can be measured: every module of this package that has a tuple `BENCHMARKS` is a subject."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules

import benchmarks
from benchmarks.harness import Benchmark

Subjects = dict[str, tuple[Benchmark, ...]]


class UnknownNameError(Exception):
    """A name is neither that of a subject nor that of a figure."""


def installed() -> Subjects:
    """Find the subjects by their modules' names."""
    names = [module.name for module in iter_modules(benchmarks.__path__) if module.name != "__main__"]
    modules = {name: import_module(f"benchmarks.{name}") for name in names}
    return {name: module.BENCHMARKS for name, module in modules.items() if hasattr(module, "BENCHMARKS")}


def chosen(names: Iterable[str], subjects: Subjects) -> list[Benchmark]:
    """Pick by subject or by figure, each once and in the order of `subjects`; no name means all.

    Raises UnknownNameError, which lists what is known.
    """
    wanted = set(names)
    known = {figure.name: subject for subject, figures in subjects.items() for figure in figures}
    if unknown := sorted(wanted - known.keys() - subjects.keys()):
        lists = (
            f"{subject} ({', '.join(each.name for each in figures)})" for subject, figures in subjects.items()
        )
        raise UnknownNameError(
            f"no subject or figure is called {unknown[0]!r}: choose from {'; '.join(lists)}"
        )
    every = [figure for figures in subjects.values() for figure in figures]
    return [each for each in every if not wanted or {each.name, known[each.name]} & wanted]
