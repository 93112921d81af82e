"""From judged turns to an adapter version: the batch, the worker process, the gate, the learner."""
