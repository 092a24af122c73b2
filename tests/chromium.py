"""A headless Chromium, spoken to through its debugging pipe: no driver has to be installed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One page. Commands go to file descriptor 3 of the browser, answers come from its 4."""

    def __init__(self, url: str, profile: Path, language: str = "en-US") -> None:
        given, self._out = os.pipe()
        back, taken = os.pipe()
        # The shell puts them where Chromium looks for them, so they are not there already.
        there, here = (fcntl.fcntl(number, fcntl.F_DUPFD, 10) for number in (given, taken))
        line = f'exec "$@" 3<&{there} 4>&{here}'
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 f"--accept-lang={language}", f"--user-data-dir={profile}",
                 "--remote-debugging-pipe", "about:blank")  # fmt: skip
        self._child = subprocess.Popen(
            ["bash", "-c", line, "sh", str(PROGRAM), *flags], pass_fds=(there, here),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for number in (given, taken, there, here):
            os.close(number)
        self._in, self._count, self._session = os.fdopen(back, "rb"), 0, ""
        self._rest = b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            said = json.loads(self._read())
            if said.get("id") == self._count:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result

    def _read(self) -> bytes:
        while b"\0" not in self._rest:
            more = os.read(self._in.fileno(), 1 << 16)
            assert more, "the browser has ended"
            self._rest += more
        found, _zero, self._rest = self._rest.partition(b"\0")
        return found

    def run(self, code: str) -> Any:
        """Return the value of an expression."""
        found = self.call("Runtime.evaluate", expression=code, returnByValue=True)
        return found["result"].get("value")

    def wait(self, code: str, seconds: float = 200) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + seconds
        while self.run(code) is not True:
            assert time.monotonic() < until, code
            time.sleep(0.1)

    def upload(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in an input, as a person does."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(f) for f in files])

    def close(self) -> None:
        """End the browser."""
        os.close(self._out)
        self._in.close()
        self._child.kill()
        self._child.wait()
