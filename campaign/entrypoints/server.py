"""Run granian after making the memory that its worker processes share: `python -m campaign.entrypoints.server`.

Workers are forked from this process, also those that replace one that died, so all count networks and know requests
that are sent again in one place. Where a process cannot be forked, each worker counts by itself.
"""

import multiprocessing

from granian.cli import entrypoint

from campaign.serving import network_share, recently_served

if __name__ == "__main__":
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork")
        network_share.share_memory_with_children()
        recently_served.share_memory_with_children()
    entrypoint()  # type: ignore[no-untyped-call]  # granian's
