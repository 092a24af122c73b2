"""Tests of the receipt and its reports."""
