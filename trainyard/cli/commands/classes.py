"""`trainyard class`: students, their keys and their progress."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.classes import ClassKeys, Comment, SchoolClass, StudentKey, StudentProgress
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.key_cards import address_for_students, reject_existing, write_key_cards
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_lines
from trainyard.cli.student_names import read_students
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import metric_text, time_text
from trainyard.client import Client

classes = typer.Typer(help="Teach a class: students, keys, progress.", invoke_without_command=True)
NameArgument = Annotated[str, typer.Argument(metavar="CLASS", help="The name of a class, such as biology-7b.")]
HandleArgument = Annotated[str, typer.Argument(metavar="STUDENT", help="The handle of a student.")]
StudentsOption = Annotated[
    Path, typer.Option("--students", metavar="CSV", help="A table of names: one column, or with a header several.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", help="The page of cards to print; CLASS.html by default.", show_default=False),
]
AddressOption = Annotated[
    str | None,
    typer.Option("--address", help="The address that students open; found by default.", show_default=False),
]


@classes.callback()
def list_by_default(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List the classes that you teach or attend."""
    if context.invoked_subcommand is None:
        with Client(url) as client:
            print_answer(client.classes(), json, list_view)


def list_view(found: ItemList[SchoolClass]) -> Iterator[RenderableType]:
    rows = ((each.name, each.teacher, str(len(each.students)), each.you or "") for each in found)
    yield Listing(("class", "teacher", right("students"), "you are"), rows)


@classes.command()
def create(
    name: NameArgument,
    students: StudentsOption,
    output: OutputOption = None,
    address: AddressOption = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Create a class with a key for each student, and write a page of cards to print."""
    names, page = read_students(students), output or Path(f"{name}.html")
    reject_existing(page)
    with Client(url) as client:
        made = client.create_class(name, names)
        _write_cards(page, made.name, made.keys, address or address_for_students(client.url))


@classes.command()
def add(
    name: NameArgument,
    students: StudentsOption,
    output: OutputOption = None,
    address: AddressOption = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Add students to a class, and write a page of their cards."""
    names, page = read_students(students), output or Path(f"{name}-added.html")
    reject_existing(page)
    with Client(url) as client:
        made: ClassKeys = client.add_students(name, names)
        _write_cards(page, made.name, made.keys, address or address_for_students(client.url))


@classes.command("key")
def replace_key(
    name: NameArgument,
    student: HandleArgument,
    output: OutputOption = None,
    address: AddressOption = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Give a student who has lost the key another one, and write a page with the card."""
    page = output or Path(f"{name}-{student}.html")
    reject_existing(page)
    with Client(url) as client:
        key = client.replace_student_key(name, student)
        _write_cards(page, name, [key], address or address_for_students(client.url))


def _write_cards(page: Path, name: str, keys: list[StudentKey], address: str) -> None:
    write_key_cards(page, name, keys, address)
    cards = "1 card" if len(keys) == 1 else f"{len(keys)} cards"
    print_lines(f"{page} has {cards} for {address}: print it, then delete it; the keys are never shown again")


@classes.command()
def show(name: NameArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show a class and its students."""
    with Client(url) as client:
        print_answer(client.school_class(name), json, class_view)


def class_view(found: SchoolClass) -> Iterator[RenderableType]:
    yield f"{found.name} is a class of {found.teacher}"
    yield Listing(("handle", prose("name"), "owner"), ((each.handle, each.name, each.owner) for each in found.students))


@classes.command()
def remove(name: NameArgument, student: HandleArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Remove a student from a class, and revoke the student's keys; experiments stay."""
    with Client(url) as client:
        print_answer(client.remove_student(name, student), json, class_view)


@classes.command()
def delete(name: NameArgument, url: UrlOption = DEFAULT_URL) -> None:
    """Delete a class with its assignments, and revoke its students' keys; experiments stay."""
    with Client(url) as client:
        client.delete_class(name)
    print_lines(f"class {name} is deleted, and the keys of its students are revoked")


@classes.command()
def progress(
    name: NameArgument,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Show how each student gets on, and who is stuck."""
    with Client(url) as client:
        if csv:
            print(client.class_progress_csv(name), end="")
        else:
            print_answer(client.class_progress(name), json, progress_view)


def progress_view(found: ItemList[StudentProgress]) -> Iterator[RenderableType]:
    rows = (
        (
            each.handle,
            str(sum(each.runs.values())),
            f"{each.minutes:.1f}",
            "" if each.best_val_accuracy is None else metric_text(each.best_val_accuracy),
            "" if each.last_activity is None else time_text(each.last_activity),
            "stuck" if each.is_stuck else "",
            each.sentence,
        )
        for each in found
    )
    headers = ("handle", right("runs"), right("minutes"), right("val_accuracy"), "last activity", "", prose("state"))
    yield Listing(headers, rows)


@classes.command()
def reports(
    name: NameArgument,
    folder: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where to write them.")],
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Write a report on each student: submissions, diagnosis, runs, comments."""
    folder.mkdir(parents=True, exist_ok=True)
    with Client(url) as client:
        students = client.school_class(name).students
        for each in students:
            (folder / f"{each.handle}.html").write_text(client.student_report(name, each.handle), encoding="utf-8")
    print_lines(f"{folder} has {'1 report' if len(students) == 1 else f'{len(students)} reports'}")


def comment(
    experiment: IdArgument,
    text: Annotated[str | None, typer.Argument(help="What to say; without it, all comments are shown.")] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Comment on an experiment, or show what was said about it."""
    with Client(url) as client:
        found = resolve_id(client, experiment)
        if text is not None:
            client.comment(found, text)
        print_answer(client.comments(found), json, comments_view)


def comments_view(found: ItemList[Comment]) -> Iterator[RenderableType]:
    for each in found:
        yield f"{time_text(each.at)}  {each.author or 'somebody'}"
        yield from (f"  {line}" for line in each.text.splitlines())
