"""The rules of a transfer at their limits: what is asked, taken, thrown away, and waited for."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.host import clock
from setup_assistant.host.http import Body, Http
from setup_assistant.host.http_errors import WebError, of_cause, refusal
from setup_assistant.host.transfer import fetch as fetching
from setup_assistant.host.transfer import file_progress, part, small, wait
from setup_assistant.host.transfer.concurrency import Width, help_slowest
from setup_assistant.host.transfer.engine import Transfer
from setup_assistant.host.transfer.fetch import copy
from setup_assistant.host.transfer.file_progress import (
    Flow,
    Patience,
    Run,
    TransferError,
    ending,
)  # fmt: skip
from setup_assistant.host.transfer.part import Part, kept_bytes
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.host.transfer.request import fetch_run
from setup_assistant.messages import msg

SEGMENT = 10
SIZE = 35
SUM = "a" * 64
BROKEN = of_cause("broken-off")
DATA = bytes(range(1, SIZE + 1))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of ten bytes."""
    for module in (part, file_progress):
        monkeypatch.setattr(module, "SEGMENT", SEGMENT)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time by the clock, for a test to set."""
    found = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: found[0])
    return found


class Answer(Http):
    """A server that sends this to everything; `spans` are what was asked for."""

    def __init__(self, data: bytes | WebError, block: int = 100, **about: Any) -> None:
        super().__init__(silence=1.0)
        self.data, self.block, self.about = data, block, about
        self.spans: list[tuple[int, int] | None] = []
        self.waits: list[wait.Wait] = []
        self.on_wait = self.waits.append
        self.closed = 0

    def get(self, url: str, span: tuple[int, int] | None = None, method: str = "GET") -> Body:
        assert method in ("GET", "HEAD")
        self.spans.append(span)
        if isinstance(self.data, WebError):
            raise self.data
        answer, stream = self, io.BytesIO(self.data)

        class Raw:
            def read1(self, _most: int, *, decode_content: bool) -> bytes:
                assert not decode_content
                return stream.read(answer.block)

            def close(self) -> None:
                answer.closed += 1

            def release_conn(self) -> None:
                pass

        said = {"first": 0, "total": None, "length": None, "ranged": False, "unplaced": False,
                "version": "", "headers": {}, **self.about}  # fmt: skip
        return Body(url=url, _raw=Raw(), **said)


Make = Callable[..., Flow]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Part] = []

    def flow(size: int = SIZE, **file: Any) -> Flow:
        one = Part(tmp_path, RemoteFile(**{"path": "f", "size": size, **file}), "hub")
        one.open()
        made.append(one)
        return Flow(one, "http://hub/f", one.missing())

    yield flow
    for one in made:
        one.close()


def bring(flow: Flow, answer: Answer, at: int = 0, end: int = 4, **how: Any) -> Run:
    run = how.pop("run", None) or Run(flow, at, end, flow.generation, 0)
    stop = threading.Event()
    if how.get("stopped"):
        stop.set()
    fetch_run(answer, run, threading.Condition(), stop, how.get("silence", 1e9))
    return run


def written(flow: Flow) -> bytes:
    return flow.part.path.read_bytes()


# --- one request -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "end", "have", "ask_part", "span"),
    [
        (0, 4, 0, False, None),
        (0, 4, 0, True, (0, 34)),
        (0, 4, 3, False, (3, 34)),
        (0, 3, 0, False, (0, 29)),
        (1, 4, 0, False, (10, 34)),
        (3, 4, 4, False, (34, 34)),
    ],
)
def test_only_what_is_missing_is_asked_for(
    make: Make, at: int, end: int, have: int, ask_part: bool, span: tuple[int, int] | None
) -> None:
    flow = make(sha256=SUM)
    if have:
        flow.part.write(at, DATA[at * 10 :][:have])
    flow.ask_part = ask_part
    first = at * 10 + have
    answer = Answer(DATA[first : end * 10], ranged=span is not None, first=first, total=SIZE)
    run = bring(flow, answer, at, end)
    assert answer.spans == [span]
    assert answer.closed == 1
    assert (run.at, run.came) == (end, min(SIZE, end * 10) - first)
    assert written(flow)[at * 10 : end * 10] == DATA[at * 10 : end * 10]
    assert flow.ranged is (True if span else None)
    assert flow.generation == 0


HTML = {"headers": {"Content-Type": "text/html; charset=utf-8"}}
AGAIN = "another part came than was asked for"


@pytest.mark.parametrize(
    ("file", "at", "about", "said", "then"),
    [
        # A page in place of the file; one that may be the file, by its name or sum.
        ({}, 0, {**HTML, "total": SIZE}, "a web page answered", (0, None, 0)),
        ({"sha256": SUM}, 0, {**HTML, "total": SIZE}, None, (0, None, 0)),
        ({"git_blob": SUM[:40]}, 0, {**HTML, "total": SIZE}, None, (0, None, 0)),
        ({"sha256": SUM}, 0, {**HTML}, "a web page answered", (0, None, 0)),
        ({"path": "a.md"}, 0, {**HTML}, None, (0, None, 0)),
        ({"path": "a.html"}, 0, {**HTML}, None, (0, None, 0)),
        ({"path": "a.htm"}, 0, {**HTML}, None, (0, None, 0)),
        # Another size: larger always, smaller where it is a part of it.
        ({"sha256": SUM}, 0, {"total": SIZE + 1}, "size is not the listed", (0, None, 1)),
        ({"sha256": SUM}, 1, {"total": SIZE + 1, "ranged": True, "first": 10},
         "size is not the listed", (0, None, 1)),
        ({"sha256": SUM}, 1, {"total": SIZE - 1, "ranged": True, "first": 10},
         "size is not the listed", (0, None, 1)),
        ({"sha256": SUM}, 0, {"total": SIZE - 1}, None, (0, None, 0)),
        # Another place; no place at all; no part though one was asked for.
        ({"sha256": SUM}, 1, {"total": SIZE, "ranged": True, "first": 9}, AGAIN, (0, None, 0)),
        ({"sha256": SUM}, 1, {"total": SIZE, "ranged": True, "first": 11}, AGAIN, (0, None, 0)),
        ({"sha256": SUM}, 1, {"ranged": True, "unplaced": True, "first": 10}, AGAIN,
         (1, False, 0)),
        ({"sha256": SUM}, 1, {"total": SIZE}, None, (1, False, 0)),
        ({"sha256": SUM}, 1, {"total": SIZE, "ranged": True, "first": 10}, None, (0, True, 0)),
        # Another state than before counts where nothing else proves the file.
        ({}, 0, {"version": "two", "total": SIZE}, "the file changed there", (1, None, 1)),
        ({}, 0, {"version": "one", "total": SIZE}, None, (0, None, 0)),
        ({}, 0, {"total": SIZE}, None, (0, None, 0)),
        ({"sha256": SUM}, 0, {"version": "two", "total": SIZE}, None, (0, None, 0)),
    ],
)  # fmt: skip
def test_an_answer_is_what_was_asked_for(
    make: Make, file: dict[str, Any], at: int, about: dict[str, Any], said: str | None,
    then: tuple[int, bool | None, int],
) -> None:  # fmt: skip
    flow = make(**file)
    assert flow.part.is_of("one")
    whole = not about.get("ranged")
    answer = Answer(DATA if whole else DATA[about["first"] :], **about)
    if said is None:
        bring(flow, answer, at)
        assert written(flow)[at * 10 :] == DATA[at * 10 :]
    else:
        with pytest.raises(WebError) as caught:
            bring(flow, answer, at)
        assert said in str(caught.value)
        assert caught.value.again
        assert written(flow) == bytes(SIZE)
    assert (flow.generation, flow.ranged, flow.surprises) == then
    assert answer.closed == 1


def test_a_file_that_changed_too_often_is_taken_as_it_is(make: Make) -> None:
    flow = make()
    assert flow.part.is_of("0")
    for number in range(1, 4):
        with pytest.raises(WebError):
            bring(flow, Answer(DATA, version=str(number), total=SIZE))
        assert flow.surprises == number
        assert flow.part.is_of(str(number))
    bring(flow, Answer(DATA, version="4", total=SIZE))
    assert written(flow) == DATA


@pytest.mark.parametrize(("size", "lies"), [(SIZE, False), (SIZE + 1, True), (None, False)])
def test_a_refused_range_that_tells_another_size_is_one(
    make: Make, size: int | None, lies: bool
) -> None:
    error = WebError("range", msg("{size}", size=size))
    flow = make()
    with pytest.raises(WebError) as caught:
        bring(flow, Answer(error), 1)
    assert caught.value.reason == ("size_lies" if lies else "range")
    assert flow.surprises == int(lies)


def test_a_size_that_lies_is_believed_the_third_time(make: Make) -> None:
    flow, again = make(sha256=SUM), []
    for _number in range(3):
        with pytest.raises(WebError) as caught:
            bring(flow, Answer(DATA + b"x", total=SIZE + 1))
        assert caught.value.reason == "size_lies"
        assert flow.ask_part
        again.append(caught.value.again)
    assert again == [True, True, False]


@pytest.mark.parametrize("block", [1, 7, 10, 11, 100])
def test_blocks_of_any_length_go_where_they_belong(make: Make, block: int) -> None:
    flow = make()
    run = bring(flow, Answer(DATA, block))
    assert (written(flow), flow.part.counts, run.came) == (DATA, [10, 10, 10, 5], SIZE)


def test_more_than_the_run_is_the_servers_habit_in_a_part_and_a_lie_in_a_whole(make: Make) -> None:
    flow = make(sha256=SUM)
    run = bring(flow, Answer(DATA, 7, ranged=True, total=SIZE), 0, 2)
    assert (run.at, flow.part.counts) == (2, [10, 10, 0, 0])
    for file, generation in (({}, 1), ({"sha256": SUM}, 0)):
        flow = make(path=f"g{generation}", **file)
        with pytest.raises(WebError) as caught:
            bring(flow, Answer(DATA + b"x", 7))
        assert caught.value.reason == "size_lies"
        assert flow.generation == generation
        assert sum(flow.part.counts) == (0 if generation else SIZE)


@pytest.mark.parametrize(("how", "said"), [
    ("short", "the connection broke off"), ("dropped", "no answer in time"),
    ("crawls", "no answer in time"), ("stale", None), ("stopped", None),
])  # fmt: skip
def test_a_run_ends_early(make: Make, now: list[float], how: str, said: str | None) -> None:
    flow = make(sha256=SUM)
    run = Run(flow, 0, 4, 0, 0, dropped=how == "dropped", _looked=now[0])
    now[0] += 5.0 if how == "crawls" else 0.0
    run.generation = 1 if how == "stale" else 0
    answer = Answer(DATA[:-1] if how == "short" else DATA)
    if said is None:
        bring(flow, answer, run=run, stopped=how == "stopped")
    else:
        with pytest.raises(WebError, match=said) as caught:
            bring(flow, answer, run=run, silence=5.0)
        assert (caught.value.reason, caught.value.again) == ("unreachable", True)
    assert flow.part.done == (SIZE - 1 if how == "short" else 0)
    assert answer.closed == 1


def test_drops_are_told_from_a_slow_line_at_100_bytes_a_second(
    make: Make, now: list[float]
) -> None:
    run = Run(make(), 0, 4, 0, 0, _looked=now[0])
    seen = []
    for seconds, came in ((9, 0), (1, 1000), (9, 999), (2, 0), (10, 999), (10, 0)):
        now[0] += seconds
        run.came += came
        seen.append(run.crawls(10.0))
    # Ten seconds with a thousand bytes; ten with 999; the last ten with none.
    assert seen == [False, False, False, True, True, True]


# --- one file --------------------------------------------------------------------------------
def test_runs_are_cut_taken_and_given_back(make: Make) -> None:
    flow = make()
    assert flow.pending == [(0, 4)]
    assert flow.free(0.0)
    one = flow.cut(3)
    assert ((one.at, one.end, one.failures), flow.pending) == ((0, 3, 0), [(3, 4)])
    # Nobody knows of ranges yet: the first run finds out.
    assert not flow.free(0.0)
    flow.ranged = True
    assert flow.free(0.0)
    flow.not_before = 5.0
    assert (flow.free(4.9), flow.free(5.0)) == (False, True)
    two = flow.cut(1)
    assert ((two.at, two.end), flow.pending, flow.taken) == ((3, 4), [], 2)
    assert not flow.free(9.0)
    flow.part.write(0, DATA[:10])
    flow.give_back(two)
    flow.give_back(one)
    assert (flow.pending, flow.taken) == ([(1, 3), (3, 4)], 0)
    done = flow.cut(9)
    flow.part.write(1, DATA[10:20])
    flow.part.write(2, DATA[20:30])
    flow.give_back(done)
    assert flow.pending == [(3, 4)]
    # Without ranges it is all or nothing.
    flow.pending, flow.ranged = [(0, 4)], False
    assert (flow.cut(1).end, flow.pending) == (4, [])


def test_a_file_that_starts_over_throws_away_what_older_runs_bring(make: Make) -> None:
    flow = make()
    flow.ranged = True
    one, two = flow.cut(2), flow.cut(2)
    flow.part.write(0, DATA[:10])
    assert flow.start_over(one)
    assert (one.at, one.end, one.generation, one.whole) == (0, 4, 1, True)
    assert (flow.ranged, flow.pending, flow.part.counts) == (False, [], [0] * 4)
    assert two.stale
    assert not one.stale
    assert not flow.start_over(two)
    flow.give_back(two)
    assert (flow.pending, flow.taken) == ([], 1)
    assert flow.forget(two)
    assert flow.surprises == 0
    for number in range(3):
        assert flow.forget(Run(flow, 0, 4, flow.generation, 0))
        assert (flow.surprises, flow.pending) == (number + 1, [(0, 4)])
    assert not flow.forget(Run(flow, 0, 4, flow.generation, 0))
    assert flow.generation == 4


def test_pauses_double_up_to_the_longest_and_begin_anew_with_new_bytes(
    make: Make, now: list[float]
) -> None:
    flow, patience = make(), Patience(attempts=100, longest_pause=1.0)
    pauses = []
    for number, bytes_there in enumerate((0, 0, 0, 0, 9, 9)):
        flow.part.counts[0] = bytes_there
        assert not flow.failed(Run(flow, 0, 4, 0, flow._failures), BROKEN, patience, number)
        pauses.append(round(flow.not_before - now[0], 3))
    assert pauses == [0.2, 0.4, 0.8, 1.0, 0.2, 0.4]
    asked = refusal(503, {"Retry-After": "7"}, own=True)
    flow.failed(Run(flow, 0, 4, 0, flow._failures), asked, patience, 0)
    assert flow.not_before == now[0] + 7


@pytest.mark.parametrize(
    ("done", "ends"),
    [
        ((0, 999, 999), [False, False, True]),
        ((0, 1000, 1000, 1999), [False, False, False, True]),
        ((0, 999, 1000, 1999, 1999), [False, False, False, False, True]),
        ((0, 1000, 2000, 3000), [False] * 4),
    ],
)
def test_a_thousand_bytes_of_all_files_are_progress(
    make: Make, done: tuple[int, ...], ends: list[bool]
) -> None:
    flow, patience = make(), Patience(attempts=3)
    told = [flow.failed(Run(flow, 0, 4, 0, n), BROKEN, patience, d) for n, d in enumerate(done)]
    assert told == ends


def test_the_end_of_a_transfer_names_its_cause() -> None:
    assert ending(FileNotFoundError()).reason == "not_writable"
    assert ending(OSError(errno.ENOSPC, "full")).reason == "no_space"
    assert ending(BROKEN) is BROKEN
    with pytest.raises(ZeroDivisionError):
        ending(ZeroDivisionError())
    error = TransferError(BROKEN, "a/b")
    assert (error.path, error.cause, str(error)) == ("a/b", BROKEN, str(BROKEN))


# --- the part on the disk --------------------------------------------------------------------
def again(one: Part, **file: Any) -> list[int] | None:
    about = {"path": "f", "size": SIZE, "sha256": SUM, **file}
    return Part(one.target.parent, RemoteFile(**about), "hub").kept()


def test_what_an_earlier_run_left_is_believed_only_whole(make: Make) -> None:
    flow = make(sha256=SUM)
    one = flow.part
    one.write(0, DATA[:10])
    one.write(3, DATA[30:])
    one.close()
    assert again(one) == [10, 0, 0, 5]
    assert kept_bytes(one.target.parent, one.file, "hub") == 15
    assert again(one, size=SIZE + 1) is None
    assert again(one, sha256="b" * 64) is None
    state = one.state.read_bytes()
    changes: dict[str, Callable[[], object]] = {
        "a count above its segment": lambda: one.state.write_bytes(
            state[:128] + struct.pack("<4Q", 10, 0, 0, 6)),
        "a count missing": lambda: one.state.write_bytes(state[:-8]),
        "a byte missing": lambda: one.state.write_bytes(state[:-1]),
        "another file": lambda: one.state.write_bytes(b"0" + state[1:]),
        "no state": one.state.unlink,
        "shorter": lambda: os.truncate(one.path, SIZE - 1),
        "longer": lambda: os.truncate(one.path, SIZE + 1),
        "another name of it": lambda: os.link(one.path, one.path.with_name("mine")),
        "another name of its state": lambda: os.link(one.state, one.path.with_name("mine")),
        "no part": one.path.unlink,
    }  # fmt: skip
    for name, change in changes.items():
        for path in (one.path, one.state, one.path.with_name("mine")):
            path.unlink(missing_ok=True)
        one.path.write_bytes(bytes(SIZE))
        one.state.write_bytes(state)
        assert again(one) == [10, 0, 0, 5]
        change()
        assert again(one) is None, name


def test_a_version_is_kept_with_the_part_and_forgotten_with_its_bytes(make: Make) -> None:
    one = make().part
    assert one.is_of("")
    assert one.is_of("v1")
    assert one.is_of("v1")
    assert one.is_of("")
    assert one.is_of("v2") is False
    one.write(0, DATA[:4])
    one.close()
    one.open()
    assert one.counts == [4, 0, 0, 0]
    assert one.is_of("v2") is False
    one.start_over()
    assert (one.done, one.hashed) == (0, 0)
    one.close()
    one.open()
    assert one.is_of("v2") is True
    one.close()
    one.open()
    assert not one.is_of("v1")


def test_sums_follow_the_beginning_and_the_name_comes_last(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "_HASH_SLICE", 12)
    monkeypatch.setattr(part, "_HASH_BLOCK", 5)
    one = make().part
    assert not one.hash_on()
    one.write(1, DATA[10:20])
    assert not one.hash_on()
    one.write(0, DATA[:10])
    hashed = []
    while one.hash_on():
        hashed.append(one.hashed)
    assert hashed == [12, 20]
    assert (one.behind, one.settle()) == (True, None)
    one.write(2, DATA[20:30])
    one.write(3, DATA[30:])
    while one.hash_on():
        pass
    assert (one.behind, one.settle()) == (False, hashlib.sha256(DATA).hexdigest())
    assert one.settle() is None
    assert not one.hash_on()
    assert [p.name for p in one.target.parent.iterdir()] == ["f"]
    assert one.target.read_bytes() == DATA


def test_a_part_that_somebody_cut_is_not_hashed_for_ever(make: Make) -> None:
    one = make().part
    one.write(0, DATA[:10])
    os.truncate(one.path, 4)
    with pytest.raises(OSError, match=r"f\.sa-part") as caught:
        one.hash_on()
    assert caught.value.errno == errno.EIO


def test_empty_files_and_those_of_whole_segments(tmp_path: Path) -> None:
    for size, counts, last in ((0, 0, None), (10, 1, 10), (11, 2, 1), (20, 2, 10)):
        one = Part(tmp_path, RemoteFile(path="f", size=size), "hub")
        assert len(one.counts) == counts
        assert last is None or one.length(counts - 1) == last
        assert one.missing() == ([(0, 1)] if counts else []) or one.missing() == [(0, counts)]


# --- several connections ---------------------------------------------------------------------
def running(flow: Flow, at: int, end: int, came: int, began: float = 100.0) -> Run:
    flow.ranged = True
    return Run(flow, at, end, 0, 0, began=began, came=came)


@pytest.mark.parametrize(
    ("at", "end", "came", "seconds", "usual", "then"),
    [
        # 40 bytes at 4 a second are ten seconds: shared from there on.
        (0, 4, 40, 10.0, 0.0, (2, False)),
        (0, 4, 41, 10.0, 0.0, (4, False)),
        (0, 4, 1, 5.0, 0.0, (4, False)),
        (0, 4, 1, 5.1, 0.0, (2, False)),
        (0, 3, 1, 10.0, 0.0, (2, False)),
        (1, 4, 1, 10.0, 0.0, (3, False)),
        # Two segments are not shared, but given up for a connection eight times as fast.
        (2, 4, 10, 10.0, 8.0, (4, False)),
        (2, 4, 10, 10.0, 8.1, (4, True)),
        (4, 4, 0, 99.0, 1e9, (4, False)),
    ],
)
def test_a_slow_run_is_helped_from_ten_seconds_on(
    make: Make, at: int, end: int, came: int, seconds: float, usual: float,
    then: tuple[int, bool],
) -> None:  # fmt: skip
    flow = make(size=40)
    flow.pending = []
    run, other = running(flow, at, end, came), running(flow, 0, 4, 1000)
    help_slowest([other, run], 100.0 + seconds, usual)
    assert (run.end, run.dropped) == then
    assert (other.end, other.dropped) == (4, False)
    assert flow.pending == ([(run.end, end)] if run.end < end else [])
    flow.ranged, run.end, pending = False, end, list(flow.pending)
    help_slowest([run], 100.0 + seconds, usual)
    assert (run.end, flow.pending) == (end, pending), "without ranges nothing can be shared"


def test_the_usual_is_learned_from_whole_segments_alone(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setup_assistant.host.transfer.concurrency.SEGMENT", SEGMENT)
    width, flow = Width(4), make()
    width.learn(running(flow, 0, 1, 9), 101.0)
    assert width.usual == 0.0
    width.learn(running(flow, 0, 1, 10), 101.0)
    assert width.usual == 10.0
    width.learn(running(flow, 0, 1, 30), 101.0)
    assert width.usual == 20.0


def test_refusals_of_one_moment_count_once_and_one_more_is_tried_after_five_seconds() -> None:
    width = Width(4)
    assert (width.allows(3, 0.0), width.allows(4, 0.0)) == (True, False)
    width.refused(1, 10.0)
    assert width.allows(3, 10.0)
    width.refused(4, 10.0)
    width.refused(4, 11.0)
    assert (width.allows(2, 11.0), width.allows(3, 11.0)) == (True, False)
    width.refused(9, 11.1)
    assert (width.allows(1, 11.1), width.allows(2, 16.0)) == (True, False)
    assert width.allows(2, 16.2)
    assert not width.allows(3, 16.3)
    width.refused(2, 20.0)
    width.refused(2, 22.0)
    assert (width.allows(0, 22.0), width.allows(1, 22.0)) == (True, False)


# --- small answers ---------------------------------------------------------------------------
class Lists(Answer):
    """Answers a list with one error after the other, then with a body."""

    def __init__(self, *errors: WebError) -> None:
        super().__init__(b"")
        self.errors = list(errors)

    def read(self, url: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
        assert (url, limit) == ("http://me@hub/list", 99)
        if self.errors:
            raise self.errors.pop(0)
        return b"{}", {"a": "b"}


def busy(seconds: float | None) -> WebError:
    return refusal(503, {"Retry-After": str(seconds)} if seconds else {}, own=True)


@pytest.mark.parametrize(
    ("errors", "pauses", "fine"),
    [
        ([], [], True),
        ([BROKEN] * 3, [0.5, 1.0, 2.0], True),
        ([BROKEN] * 4, [0.5, 1.0, 2.0], False),
        ([busy(None)] * 7, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0], True),
        ([busy(None)] * 8, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0], False),
        ([busy(3)] * 19, [3.0] * 19, True),
        ([busy(3)] * 20, [3.0] * 19, False),
        ([busy(150)] * 2, [150.0] * 2, True),
        ([busy(151)] * 2, [151.0], False),
        ([WebError("denied", msg("no"))], [], False),
    ],
)
def test_lists_are_asked_for_so_often(
    monkeypatch: pytest.MonkeyPatch, errors: list[WebError], pauses: list[float], fine: bool
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    hub = Lists(*errors)
    if fine:
        assert small.read(hub, "http://me@hub/list", 99) == (b"{}", {"a": "b"})
    else:
        with pytest.raises(WebError) as caught:
            small.read(hub, "http://me@hub/list", 99)
        assert caught.value.reason == errors[0].reason
    assert waited == pauses
    assert [(w.host, w.seconds) for w in hub.waits] == [("hub", p) for p in pauses if p >= 10]


@pytest.mark.parametrize(
    ("about", "url", "size", "asked"),
    [
        ({"total": 7}, "http://hub/f", 7, 1),
        ({"total": 0}, "http://hub/f", 0, 1),
        ({"total": 7, **HTML}, "http://hub/f", None, 1),
        ({"total": 7, **HTML}, "http://hub/f.html", 7, 1),
        ({"total": 7, **HTML}, "http://hub/f.htm", 7, 1),
        ({}, "http://hub/f", None, 2),
        (WebError("range", msg("{size}", size=0)), "http://hub/f", 0, 2),
        (WebError("range", msg("{size}", size=12)), "http://hub/f", 12, 2),
    ],
)
def test_a_size_is_asked_for(
    about: dict[str, Any] | WebError, url: str, size: int | None, asked: int
) -> None:
    hub = Answer(about) if isinstance(about, WebError) else Answer(b"", **about)
    assert small.size_of(hub, url) == size
    assert hub.spans == [None, (0, 0)][:asked]
    assert hub.closed == (0 if isinstance(about, WebError) else asked)


@pytest.mark.parametrize(("reason", "asked"), [("not_found", 1), ("denied", 2)])
def test_no_size_of_what_is_not_there(reason: str, asked: int) -> None:
    hub = Answer(WebError(reason, msg("no")))
    with pytest.raises(WebError):
        small.size_of(hub, "http://hub/f")
    assert len(hub.spans) == asked


def test_a_wait_is_told_from_ten_seconds_on_with_its_host_alone() -> None:
    assert wait.wait_of("http://hub/f", busy(9)) is None
    assert wait.wait_of("http://hub/f", BROKEN) is None
    found = wait.wait_of("http://me:secret@hub:80/f", busy(10))
    assert found is not None
    assert (found.host, found.seconds) == ("hub:80", 10.0)
    assert found.until in str(found.message)
    late = wait.too_long(busy(90))
    assert (late.reason, late.cause, late.retry_after, late.answered, late.again) == (
        busy(90).reason, busy(90).cause, 90.0, busy(90).answered, False,
    )  # fmt: skip
    then = datetime.now().astimezone() + timedelta(days=2)
    assert wait.clock_time(2 * 86400).startswith(then.strftime("%Y-%m-%d "))
    assert len(wait.clock_time(0)) == len("00:00:00")


@pytest.mark.parametrize(
    ("came", "asked", "damaged"),
    [
        ([{}], [["a", "b", "c"]], None),
        ([{"a": "x"}, {}], [["a", "b", "c"], ["a"]], None),
        ([{"a": "x", "c": "x"}, {"a": "x"}], [["a", "b", "c"], ["a"]], "a"),
    ],
)
def test_what_came_damaged_is_asked_for_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, came: list[dict[str, str]],
    asked: list[list[str]], damaged: str | None,
) -> None:  # fmt: skip
    wanted = [(RemoteFile(path=n, size=s, sha256=h), f"u/{n}")
              for n, s, h in (("a", 10, SUM), ("b", 20, SUM), ("c", 30, None))]  # fmt: skip
    seen: list[list[str]] = []
    told: list[int] = []

    class Scripted:
        def __init__(self, _http: Http, *, patience: Patience, on_bytes: Any, on_file: Any) -> None:
            assert patience == Patience(attempts=3)
            self.on_bytes, self.on_file = on_bytes, on_file

        def run(self, folder: Path, left: Any, origin: str) -> None:
            assert (folder, origin) == (tmp_path, "hub")
            seen.append([f.path for f, _url in left])
            for file, _url in left:
                (folder / file.path).touch()
                self.on_file(file, came[len(seen) - 1].get(file.path, SUM))
            self.on_bytes(5)

    monkeypatch.setattr(fetching, "Transfer", Scripted)
    http = Http(silence=1.0)
    how: dict[str, Any] = {"origin": "hub", "patience": Patience(attempts=3)}
    if damaged is None:
        fetching.fetch(http, wanted, tmp_path, on_bytes=told.append, **how)
    else:
        with pytest.raises(fetching.DamagedError) as caught:
            fetching.fetch(http, wanted, tmp_path, on_bytes=told.append, **how)
        assert caught.value.path == damaged
    assert (seen, told) == (asked, [5, 55][: len(asked)])
    assert (tmp_path / "a").exists() is (damaged is None)
    seen.clear()
    fetching.fetch(http, [], tmp_path, **how)
    assert seen == []


class Watched(Transfer):
    """A transfer of one file, without connections."""

    def __init__(self, flow: Flow, patience: Patience) -> None:
        http = Http(silence=1.0)
        super().__init__(http, patience=patience, on_bytes=len, on_file=len, connections=4)  # type: ignore[arg-type]
        self._active = [flow]
        self.run_ = Run(flow, 0, 1, 0, 0)

    def told(self, error: WebError) -> tuple[str | None, bool, int]:
        """Return why it ended, if it did; whether another may join three; how many waits."""
        self._runs = [self.run_] * 4
        self._on_error(self.run_, error)
        ended = self._failed[0] if self._failed else None
        assert self._stop.is_set() is (ended is not None)
        may_join = self._width.allows(3, clock.monotonic())
        return ended.reason if isinstance(ended, WebError) else None, may_join, len(self._waits)


@pytest.mark.parametrize(
    ("error", "there", "patience", "told"),
    [
        (BROKEN, 0, Patience(), (None, True, 0)),
        (BROKEN, 0, Patience(attempts=1), ("unreachable", True, 0)),
        (WebError("unreachable", msg("x"), again=True, crowded=True), 0, Patience(),
         (None, False, 0)),
        (WebError("not_found", msg("x")), 0, Patience(), ("not_found", True, 0)),
        (WebError("denied", msg("x")), 0, Patience(), ("denied", True, 0)),
        (WebError("denied", msg("x")), 5, Patience(), (None, True, 0)),
        (busy(60), 0, Patience(), (None, True, 1)),
        (busy(60), 0, Patience(longest_retry_after=60), (None, True, 1)),
        (busy(61), 0, Patience(longest_retry_after=60), ("unreachable", True, 0)),
        (busy(9), 0, Patience(), (None, True, 0)),
    ],
)  # fmt: skip
def test_what_a_failure_means_for_all_connections(
    make: Make, now: list[float], error: WebError, there: int, patience: Patience,
    told: tuple[str | None, bool, int],
) -> None:  # fmt: skip
    flow = make()
    flow.part.counts[0] = there
    one = Watched(flow, patience)
    assert one.told(error) == told
    waits = (error.retry_after or 0.0) <= patience.longest_retry_after
    assert one._not_before == (now[0] + error.retry_after if error.retry_after and waits else 0.0)
    assert ("it asks to wait until" in str(one._failed)) is not waits


def test_one_request_is_for_fewer_segments_towards_the_end(make: Make) -> None:
    flow = make(size=SEGMENT * 400)
    one = Watched(flow, Patience())
    for left, most in ((400, 16), (128, 16), (127, 15), (16, 2), (15, 1), (8, 1), (0, 1)):
        flow.pending = [(0, left)]
        assert one._most() == most


def test_a_copy_is_whole_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    assert copy(tmp_path / "a", tmp_path / "b") == hashlib.sha256(DATA).hexdigest()
    assert (tmp_path / "b").read_bytes() == DATA
    (tmp_path / "c").mkdir()
    with pytest.raises(OSError, match="c"):
        copy(tmp_path / "a", tmp_path / "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c"]


def test_a_file_that_has_its_name_is_counted_once(make: Make) -> None:
    flow = make()
    one = Watched(flow, Patience())
    for segment in range(4):
        flow.part.write(segment, DATA[segment * 10 : segment * 10 + 10])
    assert one._done() == SIZE
    while one._hash_one(flow):
        pass
    assert one._arrived == [(flow.part.file, hashlib.sha256(DATA).hexdigest())]
    assert (one._active, one._settled, one._done()) == ([], SIZE, SIZE)
    other = make(path="g")
    one._active.append(other)
    other.part.write(0, DATA[:10])
    os.truncate(other.part.path, 4)
    assert not one._hash_one(other)
    assert one._failed is not None
    assert one._failed[1] == "g"
    assert one._stop.is_set()


class Slow(Answer):
    """A line that brings nothing before somebody asks for another part, too."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.second = threading.Event()

    def get(self, url: str, span: tuple[int, int] | None = None, method: str = "GET") -> Body:
        first, last = span or (0, SIZE - 1)
        self.data = DATA[first : last + 1]
        self.about = {"first": first, "total": SIZE, "length": len(self.data), "ranged": True}
        body = super().get(url, span, method)
        if len(self.spans) > 1:
            self.second.set()
        read = body._raw.read1

        def slow(most: int, *, decode_content: bool) -> bytes:
            assert self.second.wait(60), "nobody else asked"
            found: bytes = read(most, decode_content=decode_content)
            return found

        body._raw.read1 = slow
        return body


def test_a_slow_line_gets_more_connections_and_what_was_there_counts(
    make: Make, tmp_path: Path
) -> None:
    file = RemoteFile(path="f", size=SIZE, sha256=hashlib.sha256(DATA).hexdigest())
    begun = make(sha256=file.sha256).part
    begun.write(1, DATA[10:20])
    begun.close()
    told: list[int] = []
    done: list[tuple[RemoteFile, str]] = []
    one = Transfer(Slow(), patience=Patience(), on_bytes=told.append,
                   on_file=lambda *came: done.append(came))  # fmt: skip
    one.run(tmp_path, [(file, "http://hub/f")], "hub")
    assert done == [(file, file.sha256)]
    assert (tmp_path / "f").read_bytes() == DATA
    assert (told[0], told[-1]) == (10, SIZE)
    assert told == sorted(told)
