"""`dexora-train`: everything that a workstation does, from demonstrations to a policy, one verb each."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from dexora_core.errors import DexoraError
from rich.console import Console
from typer.core import TyperGroup

VERBS = {
    "collect": "dexora_train.data.cli:collect_command",
    "stats": "dexora_train.data.cli:stats_command",
    "check": "dexora_train.data.cli:check_command",
    "train": "dexora_train.train_cli:train_command",
    "distill": "dexora_train.distill_cli:distill_command",
    "finetune": "dexora_train.finetune_cli:finetune_command",
    "export": "dexora_train.export.cli:export_command",
    "quantize": "dexora_train.export.quantize_cli:quantize_command",
    "evaluate": "dexora_train.evaluate.cli:evaluate_app",
}
"""Where each verb is: a function, or an application with verbs of its own."""

_errors = Console(stderr=True)


class Verbs(TyperGroup):
    """Imports a verb when it is asked for: who collects or checks a dataset does not wait for torch."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # The names alone, for lists and for who misspells one.
        names: dict[str, Any] = dict.fromkeys(VERBS)
        self.commands = names

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb, None of no verb."""
        del ctx
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name].partition(":")
        verb = getattr(import_module(module), name)
        if not isinstance(verb, typer.Typer):
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command(cmd_name)(verb)
            verb = alone
        return typer.main.get_command(verb)


app = typer.Typer(cls=Verbs, no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)


@app.callback()
def _verb_follows() -> None:
    """Without it there is no application: its verbs are not known to typer."""


def main() -> int:
    """Run a verb.

    Returns:
        0 when it was done, 1 when it could not be, 2 for wrong usage, 130 after Ctrl-C; with one sentence.
    """
    try:
        app()
    except DexoraError as error:
        _errors.print(f"dexora-train: {error}", markup=False, soft_wrap=True)
        return 1
    except SystemExit as end:
        return int(end.code or 0)
    return 0
