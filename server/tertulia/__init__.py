"""Tertulia: real-time discussion rooms for live course cohorts."""

from importlib.metadata import version

__version__ = version("tertulia")
