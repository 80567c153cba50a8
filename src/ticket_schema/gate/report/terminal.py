"""Text for people."""

from __future__ import annotations

import io
from pathlib import Path
from textwrap import indent

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ticket_schema.gate.finding import Finding, Report, Severity
from ticket_schema.gate.report.place import counted, looked_at, position, switched_off

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
_LINES_OF_SQL = 6
_CONVENTION = "it is a convention of ticket-schema"
_CONVENTIONS = "conventions of ticket-schema"


def render(report: Report, root: Path) -> str:
    """Returns a report as plain text.

    Args:
        report: any report.
        root: paths are relative to it.
    """
    text = io.StringIO()
    show(report, root, Console(file=text, width=100, soft_wrap=True, highlight=False))
    return text.getvalue()


def show(report: Report, root: Path, console: Console) -> None:
    """Prints a report.

    Args:
        report: any report.
        root: paths are relative to it.
        console: where to.
    """
    for one in report.findings:
        if one.weight == Severity.NOTE:
            continue
        _show(one, root, console)
    for one in report.findings:
        if one.weight == Severity.NOTE:
            console.print(
                f"[{_STYLES[one.weight]}]note[/] {one.rule.id}"
                f"  [dim]{escape(position(one, root))}[/]  {escape(one.happens)}"
            )
    if report.locks:
        console.print(_locks(report))
    for one, reason in report.allowed:
        console.print(
            f"[dim]allowed {one.rule.id}  {escape(position(one, root))}  {escape(reason)}[/]"
        )
    if report.role:
        console.print(f"[dim]migrated as {escape(report.role)}[/]")
    # What each convention is stands in the other forms.
    off = {
        name: _CONVENTIONS if why.startswith(_CONVENTION) else why
        for name, why in report.switched_off.items()
    }
    for rules, reason in switched_off(off):
        console.print(f"[dim]off: {rules}: {escape(reason)}[/]")
    verdict = "[bold red]refused[/]" if report.failing else "[bold green]passed[/]"
    seconds = sum(report.stages.values())
    console.print(
        f"{escape(report.project)}: {verdict}, {counted(report)} in"
        f" {looked_at(report)} ({seconds:.1f} s)"
    )


def _locks(report: Report) -> Table:
    table = Table(
        title="Locks on what was there before",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("relation", overflow="fold")
    table.add_column("strongest lock", no_wrap=True)
    for column in ("rewritten", "read", "written"):
        table.add_column(column, no_wrap=True)
    for revision, locks in report.locks.items():
        table.add_row(f"[bold]{escape(revision)}[/]")
        for lock in locks:
            table.add_row(
                f" {escape(lock.relation)}",
                lock.mode.removesuffix("Lock"),
                "yes" if lock.rewritten else "",
                str(lock.rows_scanned or ""),
                str(lock.rows_written or ""),
            )
    return table


def _show(finding: Finding, root: Path, console: Console) -> None:
    style = _STYLES[finding.weight]
    revision = f"  revision {finding.revision}" if finding.revision else ""
    console.print(
        f"[{style}]{finding.weight}[/] [bold]{finding.rule.id}[/]: {escape(finding.rule.title)}"
    )
    console.print(f"  [dim]{escape(position(finding, root))}{escape(revision)}[/]")
    if finding.statement:
        lines = finding.statement.splitlines()
        shown = lines[:_LINES_OF_SQL] + (["…"] if len(lines) > _LINES_OF_SQL else [])
        console.print(escape(indent("\n".join(shown), "  | ")))
    console.print(f"  [bold]What happens:[/] {escape(finding.happens)}")
    if finding.mend:
        console.print("  [bold]Instead:[/]")
        console.print(f"[green]{escape(indent(finding.mend, '    '))}[/]")
    console.print()
