"""A training job on a Ray cluster: `python -m trainers.ray_job STORAGE NAME SHA256 WORKERS [ENDPOINT]`.

Starts the workers under Ray Train and waits for them. A worker that dies is started again, and all go on from the last
checkpoint; so does a job of the same name that is submitted again. Imported on a cluster alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ray
import ray.train
from ray.train.torch import TorchConfig, TorchTrainer

from trainers.ray_storage import JOBS, RUN, Storage
from trainers.ray_worker import train

MOST_FAILURES = 3
"""Of workers, in one job."""


def main(arguments: list[str]) -> int:
    """Returns 0; an error ends the job, and is the last thing in its log."""
    address, name, digest, workers, *endpoint = arguments
    storage, count = Storage(address, *endpoint), int(workers)
    ray.init(log_to_driver=True)
    gpus = ray.cluster_resources().get("GPU", 0) >= count
    cpus = 1
    print(
        f"{count} workers on {'GPUs' if gpus else 'CPUs'}, Ray {ray.__version__}, {Path(__file__).parent}", flush=True
    )
    trainer = TorchTrainer(
        train,
        train_loop_config={
            "storage": address,
            "endpoint": storage.endpoint,
            "name": name,
            "digest": digest,
            "cpus": cpus,
        },
        torch_config=TorchConfig(backend="nccl" if gpus else "gloo"),
        scaling_config=ray.train.ScalingConfig(num_workers=count, use_gpu=gpus, resources_per_worker=_each(cpus, gpus)),
        run_config=ray.train.RunConfig(
            name=RUN,
            storage_path=storage.path(JOBS, name),
            storage_filesystem=_filesystem(storage),
            failure_config=ray.train.FailureConfig(max_failures=MOST_FAILURES),
            checkpoint_config=ray.train.CheckpointConfig(num_to_keep=1),
        ),
    )
    trainer.fit()
    return 0


def _each(cpus: int, gpus: bool) -> dict[str, float]:
    return {"CPU": cpus, "GPU": 1} if gpus else {"CPU": cpus}


def _filesystem(storage: Storage) -> object:
    """fsspec's under pyarrow's interface: the same that job and result go through."""
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    return PyFileSystem(FSSpecHandler(storage.system))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
