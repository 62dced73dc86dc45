"""A plugin of pytest that writes a line `OUTCOME NAME` for each test into the file $OUTCOMES."""

import gc
import os

worst = {}


def pytest_collection_finish(session):
    # The tests collect garbage thousands of times; what the modules made is left out of that.
    gc.collect()
    gc.freeze()


def pytest_runtest_logreport(report):
    order = ["passed", "skipped", "failed"]
    before = worst.get(report.nodeid, "passed")
    worst[report.nodeid] = max(before, report.outcome, key=order.index)


def pytest_sessionfinish(session):
    with open(os.environ["OUTCOMES"], "w") as file:
        for name, outcome in worst.items():
            file.write(f"{outcome} {name}\n")
