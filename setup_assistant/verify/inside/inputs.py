"""Look at pictures and clips before a model is loaded; pasted into the scripts of a site too.

Nothing here needs more than the arguments and what is imported in the function itself. A fault is
a word of the cause `input-unreadable` (`recipes/causes`) and the decoder's own words.
"""


def fault_of(path, is_clip, reader):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return why a file cannot be asked about, and the detail; two empty texts where it can.

    Args:
        path: of a picture or a clip; of a picture an address, too.
        is_clip: whether it is to be read as a clip.
        reader: which decoder qwen-vl-utils takes for clips.
    """
    if path.startswith(("http://", "https://")):
        return ("address", "") if is_clip else fault_of_picture(path)
    if path.startswith("file://"):  # noqa: FURB188 - Python 3.8 has no removeprefix
        path = path[len("file://") :]
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as short as it can be
            head = file.read(1 << 16)
    except OSError as error:
        words = {"FileNotFoundError": "missing", "NotADirectoryError": "missing",
                 "IsADirectoryError": "folder", "PermissionError": "forbidden"}  # fmt: skip
        return words.get(type(error).__name__, "damaged"), error.strerror or str(error)
    if not head:
        return "empty", ""
    return fault_of_clip(path, head, reader) if is_clip else fault_of_picture(path)


def fault_of_picture(path):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return the fault of a picture that is there, or of one at an address."""
    import io

    from PIL import Image, UnidentifiedImageError

    read_heic()
    source = path
    if "://" in path:
        import requests

        try:
            answer = requests.get(path, timeout=60)
            answer.raise_for_status()
        except (requests.RequestException, ValueError) as error:
            return "unfetched", str(error)
        source = io.BytesIO(answer.content)
    try:
        with Image.open(source) as picture:
            picture.load()
    except UnidentifiedImageError:
        if source is path:
            with open(path, "rb") as file:  # noqa: PTH123
                head = file.read(12)
            if head[4:8] == b"ftyp" and head[8:11] in (b"hei", b"hev", b"mif", b"msf"):
                return "heic", ""
        return "no_picture", ""
    except Exception as error:
        return "damaged", str(error)
    return "", ""


def read_heic():  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Let Pillow read HEIC pictures, where the package for it is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return
    register_heif_opener()


def fault_of_clip(path, head, reader):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return the fault of a clip that is there; `head` are its first bytes."""
    # Before the decoder, which knows less of it and writes to the terminal.
    word = fault_of_container(path, head)
    if word:
        return word, ""
    try:
        frames = frames_of(path, reader)
    except ImportError:
        return "", ""  # no fault of the clip: the decoder itself will be missed
    except Exception as error:
        if "cannot find video stream" in str(error) and b"ftyp" not in head:
            return "no_video", ""
        lines = [line for line in str(error).splitlines() if line.strip()]
        # Behind decord's own "…: Check failed: … (-1 vs. 0) ".
        return "damaged", lines[-1].rpartition(") ")[2].strip() if lines else type(error).__name__
    return ("one_frame", "") if frames < 2 else ("", "")


def fault_of_container(path, head):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return what is wrong with a clip as a file, "" for nothing that shows without a decoder."""
    if is_text(head):
        return "no_video"
    boxes = boxes_of(path) if head[4:8] == b"ftyp" else {b"moov"}
    if b"moov" not in boxes:
        return "cut"
    return "no_video" if b"soun" in boxes and b"vide" not in boxes else ""


def is_text(head):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Whether a file begins as text, such as a page that a server sent instead of a clip."""
    if b"\0" in head:
        return False
    try:
        head[:1000].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > 990
    return True


def frames_of(path, reader):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return how many frames a clip has, having read its first and its last one."""
    if reader == "decord":
        import subprocess
        import sys

        # In a process of its own: beside torch its libraries, loaded first, end in a crash.
        code = ("import sys, decord; clip = decord.VideoReader(sys.argv[1]); "
                "clip.get_batch([0, len(clip) - 1]); print(len(clip))")  # fmt: skip
        done = subprocess.run([sys.executable, "-c", code, path], check=False,
                              capture_output=True, text=True)  # fmt: skip
        if "No module named 'decord'" in done.stderr:
            raise ImportError("decord")
        if done.returncode:
            raise RuntimeError(done.stderr)
        return int(done.stdout.split()[-1])
    if reader == "torchcodec":
        from torchcodec.decoders import VideoDecoder

        clip = VideoDecoder(path)
        clip.get_frames_at([0, len(clip) - 1])
        return len(clip)
    return 2  # torchvision reads all or nothing: too much for a look


def boxes_of(path):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return the names of an MP4's outermost boxes, and the kinds of its tracks."""
    import os
    import re

    found, at, size = set(), 0, os.path.getsize(path)  # noqa: PTH202
    with open(path, "rb") as file:  # noqa: PTH123
        while at + 8 <= size:
            file.seek(at)
            start = file.read(16)
            length = int.from_bytes(start[:4], "big")
            if length == 1:
                length = int.from_bytes(start[8:16], "big")
            if length < 8 or at + length > size:
                break  # to the end, or cut off
            if start[4:8] == b"moov":
                inside = start[8:] + file.read(min(length, 1 << 26))
                found.update(re.findall(rb"hdlr.{8}(vide|soun)", inside, re.DOTALL))
            found.add(start[4:8])
            at += length
    return found
