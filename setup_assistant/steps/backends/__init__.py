"""Engines that make an environment, behind one interface."""
