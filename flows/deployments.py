"""The three flows as Prefect sees them: what `prefect.yaml` deploys and a worker of the user's own runs.

The command line does not come through here. It hands the same plain functions to `flows.runtime.run_flow`.
"""

import os
from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows import build_character_set as build
from flows import export_shards as export
from flows import regenerate_qa as qa

# `each` brings its own slots; the runner's default would be a thread for every task that was ever submitted.
_THREADS: Any = ThreadPoolTaskRunner(max_workers=os.cpu_count() or 1)


@flow(name="build_character_set", task_runner=_THREADS, persist_result=False)
def build_character_set(parameters: build.BuildParameters) -> dict[str, Any]:
    """Build what is missing or out of date, from raw material to shards and report."""
    return build.build_character_set(parameters)


@flow(name="regenerate_qa", task_runner=_THREADS, persist_result=False)
def regenerate_qa(parameters: qa.QaParameters) -> dict[str, Any]:
    """Regenerate one character's questions and touch nothing else."""
    return qa.regenerate_qa(parameters)


@flow(name="export_shards", task_runner=_THREADS, persist_result=False)
def export_shards(parameters: export.ExportParameters) -> dict[str, Any]:
    """Write the accepted records in the form a trainer reads."""
    return export.export_shards(parameters)
