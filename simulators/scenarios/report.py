"""What a person, or a script, sees of a scenario while it runs."""

from pathlib import Path

import click
import msgspec

from simulators.scenarios.run import Outcome, run
from simulators.scenarios.script import read_scenario


def play(file: Path, *, as_json: bool) -> bool:
    """Run the scenario of a file and print its steps; whether all went as written."""
    scenario = read_scenario(file)
    if not as_json:
        click.secho(f"{file.name}: {scenario.about}", bold=True)

    def told(outcome: Outcome) -> None:
        if as_json:
            click.echo(msgspec.json.encode({"scenario": file.name} | msgspec.to_builtins(outcome)))
        else:
            _line(outcome)

    outcomes = run(scenario, told)
    return not outcomes[-1].problem


def _line(outcome: Outcome) -> None:
    mark = click.style("x", fg="red", bold=True) if outcome.problem else click.style("+", fg="green")
    click.echo(f"  {mark} {outcome.said}  {click.style(f'{outcome.took_ms} ms', dim=True)}")
    if outcome.problem:
        click.echo(f"      {outcome.problem}")
