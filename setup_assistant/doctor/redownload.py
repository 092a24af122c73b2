"""Which model a folder is, and the commands that bring its files again."""

from __future__ import annotations

import re
import shlex

from setup_assistant.host import files, lenient
from setup_assistant.relative_name import fault_of
from setup_assistant.weights.model_folder import ModelFolder

_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]*")
# Shown where nobody knows; no such command is run.
UNKNOWN = "OWNER/NAME"


def again(folder: ModelFolder) -> tuple[str, ...]:
    """Return the command that completes a model folder, from where it came."""
    from setup_assistant.weights import folder_record

    record = folder_record.load(folder.path)
    cached = _in_cache(folder)
    model = record.model if record else cached or _named(folder) or UNKNOWN
    command = ["setup-assistant", "download", model, "--to", str(folder.path)]
    source = record.source if record else "huggingface" if cached else ""
    if source == "huggingface" or source.startswith(("http://", "https://")):
        command += ["--source", source]
    return (shlex.join(command),)


def removed(folder: ModelFolder, name: str) -> tuple[str, ...]:
    """Return the commands that get one damaged file again; none removes outside of the folder."""
    if not _is_inside(folder, name):
        return again(folder)
    gone = shlex.join(["rm", "--", str(folder.path / name)])
    # What the repository does not have cannot be fetched.
    return (gone,) if foreign(folder, name) else (gone, *again(folder))


def missing(folder: ModelFolder, name: str) -> tuple[str, ...]:
    """Return the commands that get a file which is not there, or has a folder in its place."""
    path = folder.path / name
    if _is_inside(folder, name) and path.is_dir() and not path.is_symlink():
        return (shlex.join(["rm", "-r", "--", str(path)]), *again(folder))
    return again(folder)


def _is_inside(folder: ModelFolder, name: str) -> bool:
    """Whether a name, whoever gave it, is one of a file in the folder itself."""
    return not fault_of(name) and not files.linked(folder.path, (folder.path / name).parent)


def foreign(folder: ModelFolder, name: str) -> bool:
    """Whether the record of a whole download does not name this file."""
    from setup_assistant.weights import folder_record

    record = folder_record.load(folder.path)
    return bool(record and record.complete and name not in {kept.path for kept in record.files})


def _in_cache(folder: ModelFolder) -> str | None:
    """Return the id that huggingface_hub's cache names: `models--OWNER--NAME` above the files."""
    found = (re.fullmatch(r"models--(.+?)--(.+)", parent.name) for parent in folder.path.parents)
    return next((f"{m[1]}/{m[2]}" for m in found if m), None)


def _named(folder: ModelFolder) -> str | None:
    """Return the model's id as the hubs' clients leave it, or as the recipes know the name."""
    said = _left_by_modelscope(folder)
    for name in (said, folder.config.get("_name_or_path")):
        if isinstance(name, str) and _ID.fullmatch(name):
            return name
    from setup_assistant.catalog import models

    # modelscope writes ___ for a full stop.
    name = folder.path.name.replace("___", ".")
    known = (m.modelscope_id for m in models.load())
    return next((i for i in known if i.rpartition("/")[2].lower() == name.lower()), None)


def _left_by_modelscope(folder: ModelFolder) -> str | None:
    """Return the id in `.mdl`, which modelscope's client writes beside the files."""
    text = lenient.text(folder.path / ".mdl")
    if model := lenient.parsed(text).get("Model"):
        return str(model)
    found = _ID.search(text)
    return found[0] if found else None
