"""The longest files of the suite come first, and those that share a shop or a browser go to one process.

pytest-xdist hands out whole files, and of its own accord those with the most tests first: what starts a shop,
kills it fifty times and takes a minute has one test, and would begin last. See `make test`.

A whole shop has fifteen processes: to start them takes twelve seconds of a core, and while nobody comes they
take a seventh of one; a browser takes two. The files that share one are handed out as if they were one file,
and when their process has another to do, it is closed.
"""

from typing import Any, Final

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

LONGEST: Final = (
    "tests/demo/test_script_of_a_day.py",
    "tests/demo/test_open_shop.py",
    "tests/demo/test_counter_and_kiosk.py",
    "tests/demo/test_chromium_buys_at_the_mirror.py",
    "tests/verify/test_page_languages.py",
    "tests/verify/test_page_looks.py",
    "tests/verify/test_page_ledgers.py",
    "tests/verify/test_page_receipts.py",
    "tests/proofs/test_worlds.py",
    "tests/agent/test_paying_at_the_hub.py",
    "tests/demo/test_killed_at_its_yours.py",
    "tests/display/test_reach_in_chromium.py",
    "tests/hub/test_hub_workers.py",
    "tests/object/test_object_life.py",
    "tests/test_coverage.py",
    "tests/demo/test_demo_lifecycle.py",
    "tests/payments/zvt/test_terminal_days.py",
    "tests/offline_queue/test_io_faults.py",
    "tests/offline_queue/test_power_loss.py",
    "tests/chaos/test_real_processes.py",
    "tests/hub/payments/test_stripe.py",
    "tests/payments/test_crashes.py",
    "tests/payments/test_shoppers.py",
    "tests/object/test_receipts_on_paper.py",
    "tests/object/test_terminal_process.py",
    "tests/object/test_training_process.py",
    "tests/agent/test_agent_process.py",
    "tests/display/test_glass_in_chromium.py",
    "tests/display/test_gallery_in_chromium.py",
    "tests/object/test_flows_on_the_glass.py",
    "tests/simulators/test_shoppers.py",
    "tests/drivers/test_conformance.py",
    "tests/agent/test_line.py",
    "tests/hub/test_hub_process.py",
    "tests/checkout/test_returns.py",
    "tests/payments/zvt/test_terminal_ports.py",
    "tests/proofs/test_mutants.py",
    "tests/agent/test_weeks.py",
    "tests/demo/test_camera_at_the_panel.py",
    "tests/hub/identity/test_broker_files.py",
    "tests/hub/test_escrow_days.py",
    "tests/camera/test_photographs.py",
    "tests/test_card_scan.py",
    "tests/offline_queue/test_mutants.py",
    "tests/scenarios/test_scenarios.py",
    "tests/object/test_enroll.py",
    "tests/benchmarks/test_subjects_of_the_sync.py",
)
"""Each takes fifteen seconds or more; the longest first (`make test ARGS=--durations=50` measures them)."""

_IN_ONE_SHOP: Final = ("chromium_buys_at_the_mirror", "counter_and_kiosk", "open_shop")
TOGETHER: Final = (*(f"tests/demo/test_{name}.py" for name in _IN_ONE_SHOP), "tests/verify/test_page_")
"""How the names of files begin that share what one process has started, by their package."""


class Together(LoadFileScheduling):  # type: ignore[misc]  # xdist says nothing of its types
    """Whole files; those that share a shop or a browser as if they were one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file.rpartition("/")[0] if file.startswith(TOGETHER) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """What hands the files out."""
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; all others, and those of one file, stay in random order."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))
