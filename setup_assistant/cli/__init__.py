"""One file per verb; `ask` alone prompts, `show` alone prints."""
