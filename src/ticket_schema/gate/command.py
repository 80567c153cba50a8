"""`ticket-schema gate`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.control import Control
from rich.markup import escape
from rich.segment import ControlType

from ticket_schema import gate
from ticket_schema.errors import Exit, TicketSchemaError
from ticket_schema.gate.finding import RULES
from ticket_schema.gate.report import FORMATS, terminal

app = typer.Typer(
    help="Look the revisions over for what is dangerous in production.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="alembic.ini, or a pyproject.toml with a table tool.alembic; without it the one in"
        " this folder, else the revisions of this package.",
        show_default=False,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="REF",
        help="Look only at revisions that are newer than this git ref; the older ones must be as"
        " they were.",
    ),
]


@app.callback(invoke_without_command=True)
def check(
    context: typer.Context,
    config: Config = None,
    since: Since = None,
    static: Annotated[
        bool, typer.Option("--static", help="Only read the revisions; run nothing.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            help="Superuser of a scratch server to rehearse on; without it an embedded one.",
            show_default=False,
        ),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(
            help="Rehearse in a container of this image, such as postgres:17, which the extra"
            " container can start.",
            show_default=False,
        ),
    ] = None,
    forms: Annotated[
        list[str] | None,
        typer.Option("--format", help=f"One of {', '.join(FORMATS)}; may be repeated."),
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option("--output", help="File for the report; one for each --format."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Look the revisions over for what is dangerous in production.

    Reads them, then runs them up, down and up again on a scratch server, with rows. Exits with 1
    when something is refused.
    """
    if context.invoked_subcommand is not None:
        if config or since or static or url or image or forms or outputs or as_json:
            raise TicketSchemaError(
                "Options stand before a command of the gate.",
                hint=f"Write them behind it: ticket-schema gate {context.invoked_subcommand} …",
                exit_code=Exit.USAGE,
            )
        return
    wanted = _wanted(forms or (["json"] if as_json else ["terminal"]), outputs or [])
    for name, value in (("--url", url), ("--image", image)):
        if static and value is not None:
            raise TicketSchemaError(
                f"--static runs nothing, so it has no use for {name}.",
                hint="Give one of them.",
                exit_code=Exit.USAGE,
            )
    if url is not None and image is not None:
        raise TicketSchemaError(
            "--url and --image each name a scratch server.",
            hint="Give one of them.",
            exit_code=Exit.USAGE,
        )
    report = gate.check(
        find_config(config),
        since=since,
        rehearsed=not static,
        url=url,
        image=image,
        progress=_show_stage,
    )
    root = Path.cwd()
    for form, output in wanted:
        if output is not None:
            output.write_text(FORMATS[form](report, root), encoding="utf-8")
        elif form != "terminal":
            sys.stdout.write(FORMATS[form](report, root))
    if all(output is not None for _, output in wanted) or wanted == [("terminal", None)]:
        terminal.show(report, root, out)
    raise typer.Exit(report.exit_code)


@app.command()
def freeze(
    config: Config = None,
    since: Since = None,
    release: Annotated[
        str | None,
        typer.Option(help="Write what services of this release rely on as well, to be compared."),
    ] = None,
) -> None:
    """Write CHECKSUMS, which keeps landed revisions as they are.

    Lines that are there stay; with --since those of newer revisions are written anew.
    """
    found = find_config(config)
    if found is None:
        raise TicketSchemaError(
            "There is no Alembic project in this folder to freeze.",
            hint="Give --config, or run it where the alembic.ini is.",
            exit_code=Exit.USAGE,
        )
    gate.load_rules()
    from ticket_schema.gate import contract, history, project, static  # noqa: PLC0415 - the extra

    loaded = project.load(found, since=since)
    loaded.render()
    file, changed = history.freeze(loaded)
    lines = "line is" if changed == 1 else "lines are"
    out.print(f"{escape(loaded.shown(file))}: {changed} {lines} new.")
    if release is not None:
        written = contract.write(loaded, static.at_head(loaded), release)
        out.print(f"{escape(loaded.shown(written))}: what services of {escape(release)} rely on.")


@app.command("rules")
def list_rules() -> None:
    """List the rules, with what each looks for and why."""
    gate.load_rules()
    for rule in sorted(RULES.values(), key=lambda one: (one.stage, one.catalogue, one.id)):
        out.print(
            f"[bold]{rule.id}[/] ({rule.catalogue}, {rule.severity}): {escape(rule.title)}."
            f" {escape(rule.why)}"
        )


def find_config(given: Path | None) -> Path | None:
    """Returns the configuration to use, None for the revisions of this package.

    Args:
        given: what the caller named, if anything.
    """
    if given is not None:
        return given
    if Path("alembic.ini").is_file():
        return Path("alembic.ini")
    pyproject = Path("pyproject.toml")
    if pyproject.is_file():
        loaded = tomllib.loads(pyproject.read_text(encoding="utf-8"))
        if "alembic" in loaded.get("tool", {}):
            return pyproject
    return None


def _wanted(forms: list[str], outputs: list[Path]) -> list[tuple[str, Path | None]]:
    unknown = [one for one in forms if one not in FORMATS]
    if unknown:
        raise TicketSchemaError(
            f"There is no format {unknown[0]}.",
            hint=f"Use one of {', '.join(FORMATS)}.",
            exit_code=Exit.USAGE,
        )
    if len(forms) != (len(outputs) or 1):
        raise TicketSchemaError(
            f"There are {len(forms)} formats and {len(outputs)} files.",
            hint="Give one --output for each --format, in the same order.",
            exit_code=Exit.USAGE,
        )
    places: list[Path | None] = [*outputs] or [None]
    return list(zip(forms, places, strict=True))


def _show_stage(name: str, seconds: float | None) -> None:
    if err.is_terminal:
        err.control(Control((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2)))
    if seconds is not None:
        err.print(f"[dim]✓ {name} ({seconds:.2f} s)[/]")
    elif err.is_terminal:
        # Written over by the next one.
        err.print(f"[dim]… {escape(name)}[/]", end="")
