"""A ModelScope hub on this machine: speaks to the real client, and fails on request.

    with Hub({"Qwen/Tiny": folder}) as hub:
        hub.fail("flip", path="model.safetensors")
        ... MODELSCOPE_ENDPOINT=hub.url ...

By hand: `python -m tests.hub FOLDER --id Qwen/Qwen2-VL-2B-Instruct`.
"""

from tests.hub.server import Hub

__all__ = ["Hub"]
