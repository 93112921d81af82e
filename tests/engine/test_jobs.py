"""Who goes first, and when the flag goes up."""

from __future__ import annotations

from clawlocal.engine.abort import AbortFlag
from clawlocal.engine.jobs import Job, JobQueue, Priority


def job(priority: Priority) -> Job:
    return Job(priority, lambda: False, lambda: None)


def test_chat_goes_first_and_equals_in_order() -> None:
    queue = JobQueue(AbortFlag())
    jobs = [job(p) for p in (Priority.SCORE, Priority.CHAT, Priority.SETTLE, Priority.CHAT, Priority.SCORE)]
    assert all(queue.put(j) for j in jobs)
    assert [queue.take() for _ in jobs] == [jobs[1], jobs[3], jobs[2], jobs[0], jobs[4]]


def test_a_job_that_is_given_back_keeps_its_place() -> None:
    queue = JobQueue(AbortFlag())
    first, second = job(Priority.SCORE), job(Priority.SCORE)
    queue.put(first)
    queue.put(second)
    assert queue.take() is first
    assert queue.give_back(first)
    assert queue.take() is first


def test_a_chat_interrupts_scoring_and_not_another_chat() -> None:
    flag = AbortFlag()
    queue = JobQueue(flag)
    for running, interrupted in ((Priority.SCORE, True), (Priority.SETTLE, True), (Priority.CHAT, False)):
        queue.put(job(running))
        queue.take()
        queue.put(job(Priority.SCORE))
        assert not flag.is_up
        queue.put(job(Priority.CHAT))
        assert flag.is_up is interrupted
        queue.take()
        assert not flag.is_up
        queue.take()


def test_only_what_runs_is_interrupted() -> None:
    flag = AbortFlag()
    queue = JobQueue(flag)
    running, waiting = job(Priority.CHAT), job(Priority.CHAT)
    queue.put(running)
    queue.take()
    queue.put(waiting)
    queue.interrupt(waiting)
    assert not flag.is_up
    queue.interrupt(running)
    assert flag.is_up


def test_a_closed_queue_hands_back_what_waits() -> None:
    flag = AbortFlag()
    queue = JobQueue(flag)
    waiting = job(Priority.SCORE)
    queue.put(waiting)
    assert queue.close() == [waiting]
    assert queue.close() == []
    assert queue.take() is None
    assert not queue.put(job(Priority.CHAT))
    assert not queue.give_back(waiting)
    assert flag.is_up
