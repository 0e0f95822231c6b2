"""The command `tertulia`: one module per command family."""

import click

from tertulia import __version__


@click.group()
@click.version_option(__version__, prog_name="tertulia")
def main() -> None:
    """Real-time discussion rooms for live course cohorts."""
