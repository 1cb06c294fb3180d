# SPDX-License-Identifier: Apache-2.0
"""The typer app: its command groups, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.main import get_command

import portrait_core
from cli import (
    bake,
    batch,
    dataset,
    describe,
    doctor,
    generate,
    guard,
    library,
    metrics,
    models,
    photo,
    pose,
    render,
    shape,
    studio,
    train,
    video,
    worker,
)
from cli.help_texts import as_written
from cli.lines import forgiving_streams, say
from cli.remedies import told
from cli.verbose import OPTION, taken_out, told_aloud
from portrait_core.errors import PortraitError
from portrait_core.runtime.calm import wait_asleep
from portrait_core.runtime.heap import share_one_heap
from portrait_core.runtime.memory import is_out_of_memory
from portrait_core.runtime.threads import take_short_turns

INTERRUPTED = 130
OUT_OF_MEMORY = "out of memory. A smaller --lattice or --texture-size needs less, and so do fewer threads."

app = typer.Typer(
    name="portrait",
    help="A seed in, a rigged and textured head-and-shoulders avatar out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("generate")(generate.generate)
app.command("describe")(describe.describe)
app.command("batch")(batch.batch)
app.command("library")(library.library)
app.command("bake")(bake.bake)
app.command("render")(render.render)
app.command("video")(video.video)
app.command("pose")(pose.pose)
app.command("shape")(shape.shape)
app.add_typer(models.app, name="models")
app.add_typer(photo.app, name="photo")
app.add_typer(dataset.app, name="dataset")
app.add_typer(train.app, name="train")
app.command("metrics")(metrics.metrics)
app.command("studio")(studio.studio)
app.command("worker")(worker.worker)
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"portraitkit {portrait_core.__version__}")
        raise typer.Exit


@app.callback()
def _root(  # pyright: ignore[reportUnusedFunction]
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            OPTION,
            "-v",
            help="Say on stderr what the engine does and how long each stage takes; behind a command as well.",
        ),
    ] = False,
) -> None:
    # The option is taken out before the line is parsed; here it is for the help.
    del verbose


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Every error that a user can act on becomes one line on stderr; a fault of our own keeps its traceback.
    """
    wait_asleep()
    share_one_heap()
    take_short_turns()
    words, verbose = taken_out(sys.argv[1:] if args is None else list(args))
    if args is None and not {"worker", "batch"} & set(words[:1]):
        # Their work is done by processes of their own already.
        ended = guard.in_a_child_where_memory_is_limited()
        if ended is not None:
            return _say(OUT_OF_MEMORY, 1) if ended == guard.OUT_OF_MEMORY else ended
    with forgiving_streams(), told_aloud(verbose):
        return _run(words)


def command() -> Any:
    """The whole command line, as the option parser runs it."""
    return as_written(get_command(app))


def _run(words: list[str]) -> int:
    try:
        result = command()(words, standalone_mode=False, prog_name="portrait")
    except PortraitError as error:
        return _say(told(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted; nothing half-written is left behind.", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has left; pointing stdout away keeps the interpreter's exit quiet.
        sys.stdout = None
        return 1
    except OSError as error:
        if is_out_of_memory(error):
            return _say(OUT_OF_MEMORY, 1)
        return _say(f"{error.filename or 'system'}: {error.strerror or error}.", 1)
    except Exception as error:
        if is_out_of_memory(error):
            return _say(OUT_OF_MEMORY, 1)
        # Wrong usage as the option parser tells it. Its classes live in click or in typer, by typer's version.
        tell = getattr(error, "format_message", None)
        if tell is None:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            say(tell())
            return 2
        return _say(f"{tell()} See `{_command_of(error)} --help`.", int(getattr(error, "exit_code", 2)))
    if result == INTERRUPTED:
        return _say("interrupted; nothing half-written is left behind.", INTERRUPTED)
    return result if isinstance(result, int) else 0


def _command_of(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else "portrait"


def _say(text: str, code: int) -> int:
    say(f"portrait: error: {' '.join(text.split())}", err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
