"""Load a model once, and answer one question after the other: JSON lines in both directions.

The first line is the request (model, device, dtype, max_memory, threads, and as `content` the files
of the first question, which are looked at before the model is loaded); each further line a
question: {"content": parts of the message, "question": text, "max_new_tokens": count}.
Events: `looked` (the files are fit, and loading begins), `ready`, then for each question any number
of `piece` and one `answer`; `fault` where something failed, after which the next question may come.
"""

from __future__ import annotations

import json
import os
import sys
import time

from inside import chat, inputs, kernels, memory, video_reader
from inside.explain import explain, learn
from inside.lines import JSON, Fault, Lines


def look_at(content: list[JSON], reader_name: str) -> None:
    """Refuse files that cannot be asked about, before anything takes long.

    Raises:
        Fault: `input-unreadable`; the value by which its sentence is chosen names the file.
    """
    for part in content:
        path = str(part[part["type"]])
        word, detail = inputs.fault_of(path, part["type"] == "video", reader_name)
        if word:
            raise Fault(
                "input-unreadable", f"{path}: {word} {detail}", detail=detail, **{word: path}
            )


def load(request: JSON, lines: Lines) -> chat.Chat:
    """Load the model and say that it is ready."""
    look_at(request.get("content", []), request.get("reader") or "")
    lines.send("looked")
    import torch

    began = time.monotonic()
    if request.get("threads"):
        torch.set_num_threads(request["threads"])
    device = kernels.choose(request["device"])
    dtype = request.get("dtype") or kernels.usual_dtype(device)
    memory.reset(device)
    loaded = chat.Chat(
        request["model"],
        device,
        dtype,
        request.get("max_memory"),
        request.get("quantization") or "none",
    )
    lines.send("ready", device=device, dtype=dtype, seconds=round(time.monotonic() - began, 2))
    return loaded


def answer(loaded: chat.Chat, asked: JSON, lines: Lines) -> JSON:
    """Answer one question, piece by piece; return the fields of the event `answer`."""
    import torch
    from transformers import TextStreamer

    first: list[float] = []

    class Pieces(TextStreamer):
        """Sends what has become readable; a character of several tokens is kept back."""

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:  # noqa: ARG002 - as called
            first.append(time.monotonic())
            if text:
                lines.send("piece", text=text)

    memory.reset(loaded.device)
    began = time.monotonic()
    inputs = loaded.inputs(
        asked["content"], asked["question"], asked.get("within") or {}, asked["max_new_tokens"]
    )
    streamer = Pieces(loaded.processor.tokenizer, skip_prompt=True, skip_special_tokens=True)
    with torch.inference_mode():
        made = loaded.model.generate(
            **inputs, max_new_tokens=asked["max_new_tokens"], do_sample=False, streamer=streamer
        )
    ended = time.monotonic()
    new = made[:, inputs["input_ids"].shape[1] :]
    text = loaded.processor.batch_decode(
        new, skip_special_tokens=True, clean_up_tokenization_spaces=False
    )[0]
    count = int(new.shape[1])
    begun = first[0] if first else began
    return {
        "text": text,
        "tokens": count,
        "cut": count >= asked["max_new_tokens"],
        "seconds": round(ended - began, 3),
        "first_token_seconds": round(begun - began, 3),
        "tokens_per_second": round((count - 1) / (ended - begun), 1) if ended > begun else None,
        "prompt_tokens": loaded.seen["prompt_tokens"],
        "thinned": loaded.seen.get("thinned", ""),
        "peak_memory_bytes": memory.peak_bytes(loaded.device),
    }


def why(error: Exception, request: JSON, asked: JSON) -> Fault:
    """Return the fault behind a question that could not be answered; it names the files."""
    files = ", ".join(str(part[part["type"]]) for part in asked["content"])
    fault = error if isinstance(error, Fault) else explain(error, file=files, url=files)
    if not fault.cause.startswith("decoder-"):
        return fault
    known, package = request.get("reader"), request["decoder_package"]
    try:
        video_reader.check(known, package, request["clip"])
    except Fault as decoder:
        return decoder
    # A clip that is known to be good was read, so the decoder works: it is one of these files.
    # qwen-vl-utils hides the decoder's own words behind those of a reader that is gone.
    for part in asked["content"]:
        try:
            if part["type"] == "video":
                video_reader.check(known, package, part["video"])
        except Fault as bad:
            values = {"file": part["video"], "detail": bad.values["detail"]}
            return Fault("input-unreadable", *bad.evidence, **values)
    return Fault("input-unreadable", *fault.evidence, **{**fault.values, "file": files})


def send_fault(lines: Lines, fault: Fault) -> None:
    """Send the event `fault`."""
    lines.send("fault", cause=fault.cause, evidence=fault.evidence, values=fault.values)


def main() -> None:
    """Read the request, then questions until there are none."""
    lines = Lines()
    request = json.loads(sys.stdin.readline())
    learn(request)
    try:
        loaded = load(request, lines)
    except Exception as error:
        fault = (
            error
            if isinstance(error, Fault)
            else explain(error, "model-unreadable", folder=request["model"])
        )
        send_fault(lines, fault)
        return
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        try:
            look_at(asked["content"], request.get("reader") or "")
            said = answer(loaded, asked, lines)
        except Exception as error:
            send_fault(lines, why(error, request, asked))
        else:
            lines.send("answer", **said)
    # Everything is said; tearing down torch takes a second that nobody needs.
    os._exit(0)
