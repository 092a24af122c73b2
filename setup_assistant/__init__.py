"""Setup Assistant: from a bare GPU machine to a verified Qwen2-VL answer."""

__version__ = "0.1.0"
