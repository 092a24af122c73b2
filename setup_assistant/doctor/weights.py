"""The model's files: there, what they claim to be, whole, unchanged, and known here."""

from __future__ import annotations

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.finding import Status
from setup_assistant.doctor.redownload import again, foreign, missing, removed
from setup_assistant.messages import msg
from setup_assistant.weights.json_file import kind_fault
from setup_assistant.weights.model_folder import INDEX
from setup_assistant.weights.tensors import misplaced

layer = Layered("weights")
_JSON = ("config.json", INDEX, "tokenizer.json", "tokenizer_config.json",
         "preprocessor_config.json", "generation_config.json", "chat_template.json")  # fmt: skip
_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html")


@layer.check("folder-wrong")
def folder_wrong(case: Case) -> Trouble | NotHere | None:
    """Look for config.json one or two folders further down."""
    if case.model is None:
        return NOT_HERE
    if case.model.has("config.json") or case.model.shards:
        return None
    inner = [*case.model.path.glob("*/config.json"), *case.model.path.glob("*/*/config.json")]
    for found in sorted(inner):
        if any(found.parent.glob("*.safetensors")):
            return trouble((found, msg("there")), folder=str(case.model.path),
                           inner=str(found.parent))  # fmt: skip
    return None


@layer.check("download-unfinished", needs=("folder-wrong",))
def download_unfinished(case: Case) -> Trouble | NotHere | None:
    """Look for the temporary folders and files of the usual download clients."""
    if case.model is None:
        return NOT_HERE
    path = case.model.path
    for pattern in ("._____temp/*", ".cache/huggingface/download/*.incomplete", "*.incomplete",
                    "*.part", "*.sa-part*", "*.aria2", "._____temp/*/*"):  # fmt: skip
        for found in sorted(path.glob(pattern)):
            if found.is_file():
                name = str(found.relative_to(path))
                return trouble((found, msg("unfinished")), name=name, commands=again(case.model),
                               confidence="inferred", status=_unless_whole(case))  # fmt: skip
    return None


def _unless_whole(case: Case) -> Status:
    from setup_assistant.verify.model_files import model_files

    whole = case.folder and not model_files(case.folder, trust_unchanged=True).stops
    return "warn" if whole else "fail"


@layer.check("not-a-file", needs=("folder-wrong",))
def not_a_file(case: Case) -> Trouble | NotHere | None:
    """Look for pipes, sockets and devices under the names of the model's files."""
    if case.model is None:
        return NOT_HERE
    for path in sorted(case.model.path.iterdir()):
        named = path.name in _JSON or path.suffix in (".safetensors", ".json", ".txt")
        # A folder is as good as a missing file, which has its own check.
        if named and not path.is_dir() and (said := kind_fault(path)):
            return trouble((path, said), file=path.name, detail=str(said),
                           commands=again(case.model))  # fmt: skip
    return None


@layer.check("lfs-pointer", needs=("folder-wrong",))
def lfs_pointer(case: Case) -> Trouble | NotHere | None:
    """Look at the first bytes of every file."""
    if case.model is None:
        return NOT_HERE
    for path in sorted(p for p in case.model.path.iterdir() if p.is_file()):
        if path.stat().st_size < 1024 and case.model.start(path.name).startswith(_LFS):
            return trouble((path, msg("Git LFS pointer")), file=path.name,
                           commands=again(case.model))  # fmt: skip
    return None


@layer.check("html-instead", needs=("folder-wrong",))
def html_instead(case: Case) -> Trouble | NotHere | None:
    """Look for web pages where JSON or weights should be."""
    if case.model is None:
        return NOT_HERE
    for path in sorted(p for p in case.model.path.iterdir() if p.is_file()):
        start = case.model.start(path.name).lstrip().lower()
        if path.suffix in (".json", ".safetensors", ".txt") and start.startswith(_HTML):
            return trouble((path, "<html>"), file=path.name, commands=again(case.model))
    return None


@layer.check("config-missing", needs=("folder-wrong", "not-a-file", "download-unfinished"))
def config_missing(case: Case) -> Trouble | NotHere | None:
    """Look for config.json."""
    if case.model is None:
        return NOT_HERE
    if case.model.has("config.json"):
        return None
    return trouble((case.model.path / "config.json", msg("absent")), folder=str(case.model.path),
                   commands=again(case.model))  # fmt: skip


@layer.check(
    "config-invalid",
    needs=("folder-wrong", "not-a-file", "config-missing", "lfs-pointer", "html-instead"),
)
def config_invalid(case: Case) -> Trouble | NotHere | None:
    """Read every JSON file, and look for the model's type."""
    if case.model is None:
        return NOT_HERE
    for name in _JSON:
        if case.model.has(name) and (said := case.model.read(name).fault):
            stray = foreign(case.model, name)
            commands = removed(case.model, name) if stray else again(case.model)
            return trouble((case.model.path / name, said), file=name, detail=str(said),
                           commands=commands)  # fmt: skip
    if not case.model.config.get("model_type"):
        config = case.model.path / "config.json"
        return trouble((config, msg("no model_type")), file="config.json",
                       detail=str(msg("no model_type")), commands=again(case.model))  # fmt: skip
    if case.model.astray:
        name, fault = case.model.astray
        commands = removed(case.model, INDEX) if foreign(case.model, INDEX) else again(case.model)
        return trouble((INDEX, name), file=INDEX, detail=f"{name}: {fault}", commands=commands)
    if case.model.has(INDEX) and not case.model.index:
        return trouble((case.model.path / INDEX, msg("no weight_map")), file=INDEX,
                       detail=str(msg("no weight_map")), commands=again(case.model))  # fmt: skip
    return None


@layer.check("model-file-missing", needs=("folder-wrong", "not-a-file", "config-missing"))
def model_file_missing(case: Case) -> Trouble | NotHere | None:
    """Look for the processor's and the tokenizer's files, and what the record names."""
    from setup_assistant.weights import folder_record

    if case.model is None:
        return NOT_HERE
    choices = [("preprocessor_config.json", "processor_config.json"),
               ("tokenizer.json", "vocab.json", "tokenizer.model"),
               ("tokenizer_config.json",)]  # fmt: skip
    record = folder_record.load(case.model.path)
    choices += [(kept.path,) for kept in record.files] if record else []
    for names in choices:
        if not case.model.has(*names):
            return trouble((case.model.path / names[0], msg("absent")), file=names[0],
                           folder=str(case.model.path),
                           commands=missing(case.model, names[0]))  # fmt: skip
    return None


@layer.check(
    "weights-missing",
    needs=(
        "folder-wrong",
        "not-a-file",
        "config-missing",
        "lfs-pointer",
        "html-instead",
        "weights-pickled",
    ),
)
def weights_missing(case: Case) -> Trouble | NotHere | None:
    """Look for every file of weights that the index names; without index, for any."""
    if case.model is None:
        return NOT_HERE
    # Pickled weights have a check of their own.
    others = case.model.pickled() or any(case.model.path.glob("*.gguf"))
    if not case.model.shards and not others:
        return trouble((case.model.path, "no *.safetensors"), file="model.safetensors",
                       folder=str(case.model.path), commands=again(case.model))  # fmt: skip
    for name in case.model.shards:
        if not case.model.has(name):
            # An index that this download did not bring belongs to another model.
            stray = foreign(case.model, INDEX) and foreign(case.model, name)
            commands = removed(case.model, INDEX) if stray else missing(case.model, name)
            return trouble((INDEX, name), (case.model.path / name, msg("absent")), file=name,
                           folder=str(case.model.path), commands=commands)  # fmt: skip
    return None


@layer.check("weights-truncated", needs=("folder-wrong", "lfs-pointer", "html-instead"))
def weights_truncated(case: Case) -> Trouble | NotHere | None:
    """Compare the size of every file of weights with what its header says."""
    if case.model is None:
        return NOT_HERE
    for name, header in case.model.headers.items():
        if header.fault:
            said = str(header.fault)
            return trouble((case.model.path / name, said), file=name, detail=said,
                           commands=removed(case.model, name))  # fmt: skip
    return None


@layer.check("weights-swapped", needs=("weights-missing", "weights-truncated", "config-invalid"))
def weights_swapped(case: Case) -> Trouble | NotHere | None:
    """Compare the names in every header with the index: transformers loads them silently."""
    if case.model is None:
        return NOT_HERE
    found = misplaced(case.model.index, case.model.headers)
    if not found:
        return None
    tensor, name, belongs = found
    places = (INDEX, f"{tensor} -> {belongs or name}"), (name, msg("another content"))
    commands, tensor = removed(case.model, name), ascii(tensor)[1:-1]
    if belongs:
        return trouble(*places, file=name, tensor=tensor, other=belongs, commands=commands)
    return trouble(*places, file=name, tensor=tensor, commands=commands)


@layer.check(
    "weights-foreign",
    needs=("weights-missing", "weights-truncated", "weights-swapped", "config-invalid"),
)
def weights_foreign(case: Case) -> Trouble | NotHere | None:
    """Compare the number of layers and the width in config.json with the tensors."""
    from setup_assistant.doctor.weight_shapes import differs

    if case.model is None or not case.model.headers:
        return NOT_HERE
    said = differs(case.model)
    return trouble(("config.json", said), detail=said, commands=again(case.model)) if said else None


@layer.check(
    "weights-changed", needs=("model-file-missing", "weights-missing", "weights-truncated")
)
def weights_changed(case: Case) -> Trouble | NotHere | None:
    """Compare sizes, and sha256 of what was touched since, with the download's record."""
    from setup_assistant.weights import folder_record
    from setup_assistant.weights.hashing import sum_of

    record = folder_record.load(case.model.path) if case.model else None
    if case.model is None or record is None:
        return NOT_HERE
    own = folder_record.own(case.model.path) is not None
    for kept in record.files:
        path = case.model.path / kept.path
        # Sizes and times count only in a record that this account wrote.
        by_stat = own and folder_record.untouched(case.model.path, kept)
        if by_stat or not path.is_file():
            continue
        held = sum_of(path)
        if held and held != kept.sha256:
            return trouble((path, f"sha256 {held[:12]}…"),
                           (folder_record.NAME, f"sha256 {kept.sha256[:12]}…"), file=kept.path,
                           commands=removed(case.model, kept.path))  # fmt: skip
    return None


CHECKS = tuple(layer.checks)
