"""What was measured, as the text that Prometheus and node_exporter read.

The format is https://prometheus.io/docs/instrumenting/exposition_formats/ (text, 0.0.4). We write it here:
Prometheus' own client takes 2 MB of the 48 that an agent may take. The tests read it with that client.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cloud_sync.measures import Measure, Sample

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""What the text is served as."""

_IN_A_LABEL: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Table:
    """Measures by their names; `common` are the labels that every one of them begins with."""

    def __init__(self, measures: Iterable[Measure], common: Mapping[str, str] | None = None) -> None:
        self._common = dict(common or {})
        self._measures = {each.name: each for each in measures}

    def text(self, samples: Iterable[Sample]) -> bytes:
        """The samples in the order of the table; one that is in no table is a KeyError."""
        grouped: dict[str, list[Sample]] = {name: [] for name in self._measures}
        for sample in samples:
            grouped[sample.name].append(sample)
        lines = (
            line
            for name, values in grouped.items()
            if values
            for line in self._family(self._measures[name], values)
        )
        return "".join(f"{line}\n" for line in lines).encode()

    def _family(self, measure: Measure, values: Iterable[Sample]) -> Iterator[str]:
        yield f"# HELP {measure.name} {measure.sentence}"
        yield f"# TYPE {measure.name} {measure.kind}"
        names = (*self._common, *measure.labels)
        for each in values:
            labels = zip(names, (*self._common.values(), *each.labels), strict=True)
            said = ",".join(f'{name}="{value.translate(_IN_A_LABEL)}"' for name, value in labels)
            yield f"{measure.name}{{{said}}} {each.value}" if said else f"{measure.name} {each.value}"
