"""What the demo tells the person at the terminal: on stderr, so that stdout stays for programs."""

from typing import Any

from rich.console import Console
from rich.table import Table

from simulators.demo.view import money


class Teller:
    """Plain lines for a file, a little colour for a terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    def tell(self, line: str) -> None:
        """Say one line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def addresses(self, rows: list[tuple[str, str]]) -> None:
        """Say where everything is."""
        table = Table.grid(padding=(0, 3))
        for name, url in rows:
            table.add_row(name, f"[bold]{url}[/bold]")
        self._console.print(table)

    def figures(self, figures: dict[str, Any]) -> None:
        """Say what a script's day brought, party by party."""
        table = Table("", "sales", "money", "entries")
        for name, part in (("objects", figures), ("hub", figures["hub"]), ("shoppers", figures["shopper"])):
            sales, entries = sum(part["sales"].values()), part.get("entries_acked", "")
            table.add_row(name, str(sales), money(part["money"]), str(entries))
        self._console.print(table)
        killed = f"; killed {', '.join(figures['killed'])}" if figures["killed"] else ""
        verdict = "The books are equal" if figures["equal"] else "THE BOOKS DIFFER"
        self.tell(f"{verdict} after {figures['seconds']} s{killed}.")
