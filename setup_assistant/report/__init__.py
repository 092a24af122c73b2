"""The receipt of a site as text, Markdown and JSON."""
