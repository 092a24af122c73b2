"""How the tests are shared among workers, and what a worker does not do for each of its tests."""

from __future__ import annotations

import gc
from typing import Any

import pytest

# What stays together on one of the workers that share the tests: it makes something big once, or
# locks and compares the one built site.
# By the name of the file: marks of xdist are lost with pytest 9.2, without a word.
_TOGETHER = {
    "tests/e2e/": "site",
    "tests/conda/": "channel",
    "tests/fleet/test_room.py": "fleet",
    "tests/fleet/test_real_room.py": "fleet",
    "tests/fleet/test_troubles.py": "fleet",
    "tests/fleet/test_from_bundle.py": "fleet",
    "tests/verify/test_quantized.py": "quantized",
    "tests/test_walls.py": "sources",
    "tests/test_catalogs.py": "sources",
}

# Collecting makes a million objects that stay, and each round of the collector looks at all that
# are there: almost half of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Let the collector look at what tests leave behind, not at the tests."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Hand each test to the next free worker, but for those that stay together."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        """Forgets what is done, which xdist would count again after each test."""

        def _split_scope(self, nodeid: str) -> str:
            return next((n for place, n in _TOGETHER.items() if nodeid.startswith(place)), nodeid)

        def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
            scope = self._split_scope(self.registered_collections[node][item_index])
            super().mark_test_complete(node, item_index, duration)
            if all(self.assigned_work[node][scope].values()):
                del self.assigned_work[node][scope]

    gc.enable()  # the process that shares the tests collects none
    return Together(config, log)
