"""transformers' own OpenAI-compatible server, with one model, a token, and the plan's limits.

The request is one JSON line: model, name, device, dtype, host, port, hosts, token, packages, page,
limits (max_pixels, video_total_pixels, video_max_frames), check. Events on standard output:
`ready`, then `checked`; `fault` where it ends.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from inside import kernels
from inside.asgi_guard import Guard
from inside.explain import explain, learn
from inside.lines import JSON, Lines
from inside.quantized import quantized_loading

_START_SECONDS, _LOOK_SECONDS, _ANSWER_SECONDS = 600.0, 0.1, 600.0


def prepare(request: JSON) -> None:
    """Fit transformers' server to this model and to the plan's limits."""
    from transformers.cli.serving import model_manager

    def modality(*_args: object, **_kwargs: object) -> object:
        # It takes Qwen2-VL for a model that hears, and would decode the sound of every clip.
        return model_manager.Modality.VLM

    model_manager.ModelManager.get_model_modality = staticmethod(modality)
    more = quantized(request)
    if more is not None:
        model_manager.ModelManager.get_quantization_config = lambda _self: more
    load = model_manager.ModelManager._load_processor  # noqa: SLF001 - no public way

    def limited(self: object, *args: object, **kwargs: object) -> object:
        return limit(load(self, *args, **kwargs), request)

    model_manager.ModelManager._load_processor = limited  # noqa: SLF001
    read_clips()


def quantized(request: JSON) -> object:
    """Return how weights are turned into 4 bits while they are loaded; None for any other."""
    import torch

    kind = request.get("quantization")
    if kind != "nf4":
        return None
    number = getattr(torch, request["dtype"])
    return quantized_loading(request["model"], kind, number).get("quantization_config")


def read_clips() -> None:
    """Let clips be read with the decoder that is there, from the request itself.

    transformers 5.23 asks for torchcodec alone, and takes no `data:` address of a clip.
    """
    from transformers import video_processing_utils, video_utils

    backend = "decord" if video_utils.is_decord_available() else "pyav"

    def fetch(self: object, given: object, sample_indices_fn: object = None) -> object:
        if isinstance(given, list):
            return list(zip(*[fetch(self, one, sample_indices_fn) for one in given]))  # noqa: B905
        with tempfile.NamedTemporaryFile(suffix=".mp4") as clip:
            clip.write(base64.b64decode(given.partition(",")[2]))
            clip.flush()
            return video_utils.load_video(
                clip.name, backend=backend, sample_indices_fn=sample_indices_fn
            )

    video_processing_utils.BaseVideoProcessor.fetch_videos = fetch


def limit(processor: object, request: JSON) -> object:
    """Hold pictures to the planned pixels, and clips to the planned frames and pixels together."""
    limits = request["limits"]
    for name, most in (("image_processor", limits.get("max_pixels")),
                       ("video_processor", limits.get("video_total_pixels"))):  # fmt: skip
        part = getattr(processor, name, None)
        size = getattr(part, "size", None)
        if most and size:
            longest = min(size["longest_edge"], most)
            part.size = {"shortest_edge": min(size["shortest_edge"], longest),
                         "longest_edge": longest}  # fmt: skip
        if most and getattr(part, "max_pixels", None):
            part.max_pixels = min(part.max_pixels, most)
    frames = limits.get("video_max_frames")
    if frames and getattr(processor, "video_processor", None) is not None:
        processor.video_processor.max_frames = min(processor.video_processor.max_frames, frames)
    return processor


def serve(request: JSON) -> None:
    """Serve until the process is ended."""
    import uvicorn
    from transformers.cli.serve import Serve

    page = Path(request["page"]).read_bytes()

    class Config(uvicorn.Config):
        """Puts the guard in front of transformers' application."""

        def __init__(self, app: object, **kwargs: object) -> None:
            guard = Guard(app, token=request["token"], name=request["name"],
                          model=request["model"], page=page, hosts=request["hosts"])  # fmt: skip
            super().__init__(guard, **{**kwargs, "log_level": "warning", "access_log": False})

    uvicorn.Config = Config
    Serve(
        force_model=request["model"],
        host=request["host"],
        port=request["port"],
        device="cuda:0" if request["device"] == "cuda" else request["device"],
        dtype=request["dtype"],
    )


def check(request: JSON, lines: Lines) -> None:
    """Wait for the server, then ask it about the canary's picture as a client would."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if _call(request, "GET", "/health", None)[0] == 200:
                break
        time.sleep(_LOOK_SECONDS)
    lines.send("ready", device=request["device"], dtype=request["dtype"])
    picture = base64.b64encode(Path(request["check"]["file"]).read_bytes()).decode()
    content = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
        {"type": "text", "text": request["check"]["question"]},
    ]
    body = {"model": request["name"], "max_tokens": 64, "temperature": 0,
            "messages": [{"role": "user", "content": content}]}  # fmt: skip
    try:
        status, said = _call(request, "POST", "/v1/chat/completions", body)
        text = json.loads(said)["choices"][0]["message"]["content"] if status == 200 else said
        lines.send("checked", status=status, text=str(text)[:500])
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        lines.send("checked", status=0, text=f"{type(error).__name__}: {error}")


def _call(request: JSON, method: str, path: str, body: JSON | None) -> tuple[int, str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(request["host"], request["host"])  # noqa: S104
    connection = http.client.HTTPConnection(host, request["port"], timeout=_ANSWER_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {request['token']}",
                   "Content-Type": "application/json"}  # fmt: skip
        if request["hosts"]:
            headers["Host"] = request["hosts"][0]
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def main() -> None:
    """Read the request and serve."""
    lines = Lines()
    request = json.loads(sys.stdin.readline())
    learn(request)
    # Behind the environment's own: what both have, the environment decides.
    sys.path.append(request["packages"])
    try:
        request["device"] = kernels.choose(request["device"])
        request["dtype"] = request.get("dtype") or kernels.usual_dtype(request["device"])
        prepare(request)
        threading.Thread(target=check, args=(request, lines), daemon=True).start()
        serve(request)
    except BaseException as error:  # uvicorn ends with SystemExit where the port is taken
        fault = explain(error, "question-failed", check="serve")
        lines.send("fault", cause=fault.cause, evidence=fault.evidence, values=fault.values)
    os._exit(0)
