"""Idempotent actions that turn a plan into a working site, and the ledger of them."""
