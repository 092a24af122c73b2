"""One request for a run of segments: its answer is checked, its bytes are put where they belong."""

from __future__ import annotations

import threading

from setup_assistant.host.http import Body, Http, WebError
from setup_assistant.host.transfer.file_progress import Run
from setup_assistant.messages import msg


def fetch_run(
    http: Http, run: Run, changed: threading.Condition, stop: threading.Event, silence: float
) -> None:
    """Bring what is left of a run.

    Args:
        http: the door to the server.
        run: the segments; what came of them is kept, whatever happens.
        changed: guards what connections share, and wakes who waits for it.
        stop: set where the transfer is to end.
        silence: seconds without an answer after which the connection counts as broken.

    Raises:
        WebError: the connection broke off, or the answer is another one.
    """
    size, part = run.flow.part.file.size, not run.whole or run.flow.ask_part
    try:
        body = http.get(run.flow.url, (run.first, run.last) if part else None)
    except WebError as error:
        if error.reason == "range" and error.detail.args["size"] not in (None, size):
            raise _size_lies(run) from error
        raise
    try:
        _check(run, body, changed)
        _receive(run, body, changed, stop, silence)
    finally:
        body.close()


def _check(run: Run, body: Body, changed: threading.Condition) -> None:
    """Check that the answer is what was asked for; one without ranges starts anew."""
    file, again = run.flow.part.file, msg("another part came than was asked for")
    # One of just the right size is told by the sum, where the source tells one.
    proved = body.total == file.size and (file.sha256 or file.git_blob)
    if body.is_page and not (proved or file.path.endswith((".html", ".htm", ".md"))):
        raise WebError("unreachable", msg("a web page answered in its place"), again=True)
    if body.total is not None and (
        body.total > file.size or (body.ranged and body.total < file.size)
    ):
        raise _size_lies(run)
    if body.ranged and body.first != run.first:
        raise WebError("unreachable", again, again=True)
    with changed:
        if body.unplaced:
            # Ask for all of it: in place of the beginning it would be something else.
            run.flow.start_over(run)
            raise WebError("unreachable", again, again=True)
        if not file.sha256 and not run.flow.part.is_of(body.version) and run.flow.forget(run):
            raise WebError("unreachable", msg("the file changed there"), again=True)
        if body.ranged:
            run.flow.ranged = True
            changed.notify_all()
        elif not run.whole and not run.flow.start_over(run):
            raise WebError("unreachable", again, again=True)


def _receive(
    run: Run, body: Body, changed: threading.Condition, stop: threading.Event, silence: float
) -> None:
    part = run.flow.part
    for block in body.blocks():
        view = memoryview(block)
        while view:
            if stop.is_set() or run.stale:
                return
            if run.dropped or run.crawls(silence):
                raise WebError("unreachable", msg("no answer in time"), again=True)
            if run.at >= run.end:
                if body.ranged:
                    return
                with changed:
                    if not part.file.sha256:
                        # Nothing proves that the beginning of something longer is the file.
                        run.flow.forget(run)
                raise _size_lies(run)
            room = part.length(run.at) - part.counts[run.at]
            part.write(run.at, view[:room])
            run.came += min(room, len(view))
            view = view[room:]
            run.skip_done()
    if run.at < run.end:
        raise WebError("unreachable", msg("the connection broke off"), again=True)


def _size_lies(run: Run) -> WebError:
    """Return the error for another size than the listed one: at first only asked again."""
    again = not run.flow.surprised()
    return WebError("size_lies", msg("the size is not the listed one"), again=again)
