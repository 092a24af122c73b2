"""A lab's own hub: folders of models, served as ModelScope serves them, read-only."""
