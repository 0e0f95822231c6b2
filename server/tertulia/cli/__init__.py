"""The command `tertulia`: one module per command family.

- `exits.py`: the exit codes, and how what goes wrong becomes one sentence.
- `options.py` `config.py`: options many commands share; the same names in the environment and in a TOML file.
- `serving.py` (serve), `workers.py` (the parent of `--workers`), `worker.py` (one of them), `demo.py` `demo_talk.py`
  (demo), `tokens.py` (token), `invites.py` (invite), `importing.py` `transcripts.py` (import),
  `exporting.py` (export), `carrying.py` (carry),
  `tailing.py` (tail), `rebuilding.py` (rebuild), `migrating.py` (migrate), `doctor.py` `doctor_servers.py`
  `findings.py` (doctor).
- `folder.py`: a data folder, used directly; `operating.py`: the operator's way into the HTTP API, of a running server
  or of a folder without one; `settings.py`: what `serve`, `rebuild` and `doctor` are told; `progress.py`: bars.

A command's module is imported when it is run: `tertulia token` must not wait for what only a server needs.
"""

from __future__ import annotations

import click

from tertulia import __version__
from tertulia.cli.exits import EXITS_HELP, Tertulia

COMMANDS = {
    "serve": ("serving", "Run the server."),
    "demo": ("demo", "Run a server with a demo cohort and print links to try it."),
    "token": ("tokens", "Print a token for a person."),
    "invite": ("invites", "Make an invite link."),
    "import": ("importing", "Bring a transcript into a room."),
    "export": ("exporting", "Write a room as JSON lines, Markdown or HTML."),
    "carry": ("carrying", "Bring answered questions into a room of the next cohort."),
    "tail": ("tailing", "Follow the rooms of a cohort."),
    "migrate": ("migrating", "Move the log of a data folder to PostgreSQL."),
    "rebuild": ("rebuilding", "Make all derived tables anew from the log."),
    "doctor": ("doctor", "Look for trouble and say what to do."),
}


@click.group(
    cls=Tertulia,
    modules=COMMANDS,
    epilog=EXITS_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None},
)
@click.version_option(__version__, prog_name="tertulia")
def main() -> None:
    """Real-time discussion rooms for live course cohorts."""
