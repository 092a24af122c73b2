"""`python -m tests.hub FOLDER --id OWNER/NAME`: a hub for use by hand."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from tests.hub import Hub


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--id", default="Qwen/Qwen2-VL-2B-Instruct")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bytes-per-second", type=int, help="limit of each connection")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder")
    with Hub({arguments.id: arguments.folder.resolve()}, port=arguments.port) as hub:
        hub.bytes_per_second = arguments.bytes_per_second
        sys.stdout.write(f"MODELSCOPE_ENDPOINT={hub.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            hub.ended.wait()


if __name__ == "__main__":
    main()
