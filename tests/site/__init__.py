"""Tests of the site's files."""
