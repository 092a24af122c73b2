"""Weights into a folder: listing, room, transfer, sums, completeness, and a record of it all.

A source lists files and brings them (`source.Source`); everything else is the same for all.
"""
