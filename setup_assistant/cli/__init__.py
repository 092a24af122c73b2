"""A folder per group of verbs, a file per verb; only `terminal` prompts and prints."""

import gc

# A start makes some ten thousand objects that live as long as the process: looking through them
# for garbage again and again costs a sixth of its time.
gc.set_threshold(50_000, 20, 20)
