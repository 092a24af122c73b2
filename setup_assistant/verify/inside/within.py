"""Keep pictures, clips and questions within the plan; pasted into the scripts of a site too.

Nothing here needs more than the arguments and what is imported in the function itself.
"""


def read_within(read, messages, most_pixels):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Read pictures and frames, and take fewer frames where they have too many pixels.

    A clip has at least 128 tokens for every two frames, and more where it is very narrow: its
    number of frames is what can be lowered.

    Args:
        read: `process_vision_info`, which returns the rates of the frames too.
        messages: the conversation; the `max_frames` of its clips may be lowered.
        most_pixels: of all pictures, or of all pairs of frames, together.

    Returns:
        Pictures, clips (as `read` returns them), and a line for each clip that was thinned.
    """
    films = [p for m in messages for p in m["content"] if "video" in p]
    while True:
        pictures, clips, rates = read(messages, return_video_kwargs=True)
        excess = False
        for part, clip in zip(films, clips or []):  # noqa: B905 - Python 3.8 has no `strict`
            frames, pixels = len(clip), len(clip) // 2 * clip[0][0].numel()
            if pixels > most_pixels and frames > 2:
                part["max_frames"] = max(2, int(frames * most_pixels / pixels) // 2 * 2)
                excess = True
        if not excess:
            break
    thinned = []
    for part, clip, rate in zip(films, clips or [], rates["fps"]):  # noqa: B905
        wanted = round(len(clip) * part.get("fps", 2.0) / rate)
        if wanted > len(clip) + 1:
            every = f"{1 / rate:.3g} s"
            thinned.append(f"{wanted} frames -> {len(clip)}, one every {every}")
    return pictures, clips, thinned


def beyond(inputs, patch, most_pixels, most_tokens):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return what of a prompt is more than was planned: two figures, or nothing.

    Args:
        inputs: what the processor made.
        patch: the side of a patch in pixels.
        most_pixels: of all pictures, or of all pairs of frames, together.
        most_tokens: of the whole prompt.
    """
    names = ("image_grid_thw", "video_grid_thw")
    grids = [grid for name in names if name in inputs for grid in inputs[name].tolist()]
    pixels = sum(steps * high * wide for steps, high, wide in grids) * patch**2
    if pixels > most_pixels:
        return pixels, most_pixels
    tokens = inputs["input_ids"].shape[1]
    return (tokens, most_tokens) if tokens > most_tokens else None
