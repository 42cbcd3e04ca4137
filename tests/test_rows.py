"""The rows of a batch: what a file, a folder or a matrix gives the params, and every mistake."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkroom.batch.row import Row
from darkroom.batch.rows import Rows, crossed, key_of, matrix, open_rows, parse_values
from darkroom.batch.rows_folder import natural
from darkroom.errors import InvalidRequest
from darkroom.picture import Picture
from darkroom.pipeline.pipeline import Param

ROOT = Path(__file__).parent.parent
TEXTS = {"scene": Param(), "style": Param(default="plain")}
SHOT = {"product": Param(type="image"), "scene": Param(default="an oak table")}
EVERY = {
    "scene": Param(default="oak"),
    "count": Param(type="integer", default=2),
    "similarity": Param(type="number", default=1),
    "tile": Param(type="boolean", default=False),
    "ratio": Param(default="1:1", choices=("1:1", "16:9")),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files named like pictures, and one outside of it."""
    (tmp_path / "outside.png").write_bytes(b"outside")
    made = tmp_path / "rows"
    made.mkdir()
    for name in ("a.png", "b.png"):
        (made / name).write_bytes(name.encode())
    return made


Write = Callable[..., Path]


@pytest.fixture
def write(folder: Path) -> Write:
    """Writes a file of rows: `write(text)`, with a name if it is no CSV."""

    def file(text: str | bytes, name: str = "rows.csv") -> Path:
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return file


def values(rows: Rows) -> list[dict[str, Any]]:
    found = [*rows]
    assert [row.problem for row in found] == [""] * len(found)
    assert len(found) == len(rows)
    return [dict(row.values) for row in found]


def refused(source: Path, params: dict[str, Param], **options: Any) -> str:
    with pytest.raises(InvalidRequest) as raised:
        open_rows(source, params, **options)
    return str(raised.value)


def only(rows: Rows) -> Row:
    (row,) = rows
    return row


# CSV


@pytest.mark.parametrize(
    "data",
    [
        b"scene,style\nan oak table,warm\nsnow,\n",
        b"\xef\xbb\xbfscene,style\nan oak table,warm\nsnow,\n",
        b"scene,style\r\nan oak table,warm\r\n\r\nsnow,\r\n",
        b"scene,style\ran oak table,warm\rsnow,",
        b"scene;style\nan oak table;warm\nsnow;\n",
        b"scene\tstyle\nan oak table\twarm\nsnow\t\n",
        b'"scene" , style\n"an oak table",warm\nsnow,\n',
        b"style,scene\nwarm,an oak table\n,snow\n",
    ],
    ids=["plain", "bom", "crlf", "cr", "semicolons", "tabs", "spaces", "order"],
)
def test_csv_of_many_programs_is_the_same(write: Write, data: bytes) -> None:
    """Delimiter, line ends, a byte order mark, blank lines and order of columns mean nothing."""
    data = data.replace(b'"scene" ,', b'"scene",')
    rows = open_rows(write(data), TEXTS)
    assert values(rows) == [
        {"scene": "an oak table", "style": "warm"},
        {"scene": "snow", "style": "plain"},
    ]
    assert [row.number for row in rows] == [1, 2]


def test_quotes_hold_commas_lines_and_quotes(write: Write) -> None:
    """A quoted cell has what is between its quotes, lines and doubled quotes too."""
    rows = open_rows(write('scene,style\n"a 5"" screen,\r\nlit",warm\n'), TEXTS)
    assert values(rows) == [{"scene": 'a 5" screen,\r\nlit', "style": "warm"}]


def test_tsv_is_read_by_tabs(write: Write) -> None:
    """The name of a .tsv says its delimiter, though commas stand in the header."""
    rows = open_rows(write("scene\tnote, if any\nsnow, ice\tx\n", "rows.tsv"), TEXTS)
    assert only(rows).values["scene"] == "snow, ice"
    assert only(rows).more == {"note, if any": "x"}


def test_rows_are_read_again_from_the_file(write: Write) -> None:
    """Each iteration starts from the first row, and two at once do not disturb each other."""
    rows = open_rows(write("scene\na\nb\n"), TEXTS)
    one, other = iter(rows), iter(rows)
    assert next(one).values["scene"] == next(other).values["scene"] == "a"
    assert next(one).values["scene"] == "b"
    assert [row.values["scene"] for row in rows] == ["a", "b"]


def test_equal_rows_are_rows_of_their_own(write: Write) -> None:
    """What stands twice is done for both numbers, and has one key."""
    rows = [*open_rows(write("scene\nsnow\nsnow\n"), TEXTS)]
    assert [row.number for row in rows] == [1, 2]
    assert len({key_of(row.values, TEXTS, "p") for row in rows}) == 1


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LINES = st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS, "c": CELLS}), min_size=1)


@settings(deadline=None)
@given(LINES, st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_what_is_written_comes_back(
    lines: list[dict[str, str]], delimiter: str, encoding: str
) -> None:
    """Any texts that Python's own writer writes are read as they were."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "rows.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, ["a", "b", "c"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(lines)
        rows = open_rows(path, {"a": Param(default=""), "b": Param(default="")})
        assert [{**row.values, **row.more} for row in rows] == lines
        assert len(rows) == len(lines)


def test_a_cell_of_a_megabyte_is_read(write: Write) -> None:
    """A million characters fit, one more is the problem of its row, and others are untouched."""
    long = "x" * 1_000_000
    rows = [*open_rows(write(f'scene\n"{long}"\n{long}y\nsnow\n'), TEXTS)]
    assert rows[0].values["scene"] == long
    assert "a cell has at most 1,000,000 characters" in rows[1].problem
    assert len(rows[1].problem) < 300
    assert [row.problem for row in (rows[0], rows[2])] == ["", ""]


def test_the_limit_of_cells_is_not_lowered_for_others(write: Write) -> None:
    """What somebody else set for the whole process is at least what it was, while rows are read."""
    before = csv.field_size_limit(50_000_000)
    try:
        assert values(open_rows(write("scene\nsnow\n"), TEXTS))
        assert csv.field_size_limit() == 50_000_000
    finally:
        csv.field_size_limit(before)


def test_long_cells_are_read_in_many_threads(write: Write) -> None:
    """The limit of cells is one for the process, and threads that read at once share it."""
    path = write("scene\n" + f"{'x' * 300_000}\n" * 20)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(values(open_rows(path, TEXTS)))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [20] * 4


def test_a_cell_without_end_is_refused(write: Write) -> None:
    """Ten million characters are no cell: the file is refused, with the line where it starts."""
    told = refused(write("scene\nsnow\n" + f'"{"x" * 10_000_001}"\n'), TEXTS)
    assert "rows.csv, line 3: field larger than field limit" in told


def test_a_line_without_end_is_refused(write: Write) -> None:
    """A file of no lines at all does not fill the memory."""
    told = refused(write("scene\n" + "x," * 10_000_000), TEXTS)
    assert "line 2: has more than 20,000,000 characters" in told


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('scene,style\nsnow,warm\n"an oak,warm\nice,cold\n', 3),
        ('scene,style\nsnow,"a 5" screen"\n', 2),
        ('scene,style\n"a\nb",c\n"x" y,z\n', 4),
    ],
    ids=["open", "not doubled", "after lines"],
)
def test_a_quote_out_of_place_is_refused(write: Write, text: str, line: int) -> None:
    """A quote that would swallow rows is said before any is done, with the line of its row."""
    told = refused(write(text), TEXTS)
    assert f"rows.csv, line {line}: " in told
    assert "Close every quote" in told


def test_text_in_another_code_is_refused(write: Write) -> None:
    """Bytes that are no UTF-8 are named by file, line and place, with what to do."""
    told = refused(write(b"scene\nsnow\n" + "café\n".encode("latin-1")), TEXTS)
    assert "rows.csv, line 3: byte 15 of the file (0xE9) is not UTF-8" in told
    assert "iconv" in told
    told = refused(write("scene\nsnow\n".encode("utf-16")), TEXTS)
    assert "line 1: byte 1 of the file" in told
    assert "UTF-16" in told


def test_the_byte_is_right_beyond_a_block(write: Write) -> None:
    """A character across the border of two blocks is whole, and a bad one after it is found."""
    start = b"scene\n" + b"abcdefg\n" * 8191 + b"x"
    assert len(start) == (1 << 16) - 1
    data = start + "é\nsnow\n".encode()
    assert values(open_rows(write(data), TEXTS))[-2]["scene"] == "xé"
    told = refused(write(data + b"\xff\n"), TEXTS)
    assert f"line 8195: byte {len(data) + 1:,} of the file (0xFF)" in told
    assert "(0xC3)" in refused(write(b"scene\nsnow\xc3"), TEXTS)


def test_missing_columns_are_named(write: Write) -> None:
    """A param that nothing fills is said with the columns that are there, and the nearest."""
    told = refused(write("Scene,price\nsnow,1\n"), {**TEXTS, "product": Param(type="image")})
    assert "nothing fills scene, product, and there is no default" in told
    assert "Its columns are Scene, price" in told
    assert "Is Scene meant for scene?" in told
    assert "-p scene=VALUE" in told
    assert "--image product=FILE" in refused(write("price\n1\n"), SHOT)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("\ufeff", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("scene,style\n", "no row under it"),
        ("scene,style", "no row under it"),
        ("scene,style,scene\na,b,c\n", "the header has scene more than once"),
        ("scene, scene\na,b\n", "the header has scene more than once"),
    ],
)
def test_files_without_rows_or_names_are_refused(write: Write, text: str, told: str) -> None:
    """A file must have a header whose names differ, and a row."""
    assert told in refused(write(text), TEXTS)


def test_uneven_rows_have_a_problem(write: Write) -> None:
    """Too many or too few cells are one row's problem, which names the line."""
    rows = [*open_rows(write('scene,style\n"a\nb",c\nd\ne,f,g\nh,i\n'), TEXTS)]
    assert [bool(row.problem) for row in rows] == [False, True, True, False]
    assert rows[1].problem.startswith("line 4: 1 cell, and the header has 2.")
    assert rows[2].problem.startswith("line 5: 3 cells, and the header has 2.")
    assert rows[3].values == {"scene": "h", "style": "i"}
    assert [row.number for row in rows] == [1, 2, 3, 4]


def test_an_empty_cell_is_the_default(write: Write) -> None:
    """Where a param has none, an empty cell is the row's problem; blanks are a text."""
    rows = [*open_rows(write("scene,style\n,warm\n ,\n"), TEXTS)]
    assert rows[0].problem == "scene: the row gives none, and there is no default."
    assert rows[1].values == {"scene": " ", "style": "plain"}
    params = {"product": Param(type="image", default="x.png"), "scene": Param()}
    row = only(open_rows(write("product,scene\n  ,snow\n"), params))
    assert (row.values, row.problem) == ({"scene": "snow"}, "")


def test_other_columns_are_kept(write: Write) -> None:
    """What fills no param goes to the manifest, a column without a name by its place."""
    rows = open_rows(write("sku,scene,\nA-1,snow,x\n"), TEXTS)
    assert only(rows).more == {"sku": "A-1", "column 3": "x"}
    assert rows.more == ("sku", "column 3")
    assert rows.warnings == []


def test_a_slip_in_a_name_is_warned_of(write: Write) -> None:
    """A column that is nearly a param with a default is kept, and said; others are not."""
    rows = open_rows(write("scene,Stlye,sku\nsnow,warm,1\n"), TEXTS)
    (warning,) = rows.warnings
    assert "the column Stlye fills no param, and style has its default" in warning
    assert open_rows(write("scene,style,styles\na,b,c\n"), TEXTS).warnings == []


def test_a_file_that_changed_its_header_is_refused(write: Write) -> None:
    """Columns that were moved after the file was opened fill no wrong params."""
    rows = open_rows(write("scene,style\na,b\n"), TEXTS)
    write("style,scene\na,b\n")
    with pytest.raises(InvalidRequest, match="another header than before"):
        list(rows)


# Values


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("count", " 3 ", 3),
        ("count", "-3", -3),
        ("count", "3.0", 3),
        ("similarity", "0.5", 0.5),
        ("similarity", "1", 1.0),
        ("similarity", "1e-3", 0.001),
        ("similarity", "", 1.0),
        ("tile", "TRUE", True),
        ("tile", "yes", True),
        ("tile", "1", True),
        ("tile", "No", False),
        ("tile", "0", False),
        ("ratio", " 16:9", "16:9"),
        ("scene", " snow ", " snow "),
    ],
)
def test_cells_become_what_params_are(write: Write, name: str, cell: str, value: Any) -> None:
    """A text is turned into the param's type, and its own type is what comes out."""
    found = only(open_rows(write(f'{name},sku\n"{cell}",1\n'), EVERY))
    assert found.problem == ""
    assert found.values[name] == value
    assert type(found.values[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "cell", "told"),
    [
        ("count", "3.5", "count = '3.5': a whole number is expected, such as 3."),
        ("count", "3_000", "a whole number"),
        ("count", "9" * 5000, "a whole number"),
        ("count", "٣", "a whole number"),
        ("similarity", "0,5", "similarity = '0,5': a number is expected, with a point"),
        ("similarity", "nan", "a number"),
        ("similarity", "inf", "a number"),
        ("similarity", "1e999", "a number"),
        ("tile", "maybe", "tile = 'maybe': true, false, yes, no, 1 or 0 is expected."),
        ("ratio", "16:8", "ratio = '16:8': it is one of 1:1, 16:9. Did you mean 16:9?"),
    ],
)
def test_a_value_that_does_not_fit_is_its_rows_problem(
    write: Write, name: str, cell: str, told: str
) -> None:
    """The problem has field, value and rule; the next row is done, and the cell is not lost."""
    rows = [*open_rows(write(f'{name},sku\n"{cell}",1\n,2\n'), EVERY)]
    assert told in rows[0].problem
    assert rows[0].values[name] == cell[:1000]
    assert rows[0].more == {"sku": "1"}
    assert rows[1].problem == ""


def test_all_problems_of_a_row_are_said(write: Write) -> None:
    """A row with two mistakes needs one look."""
    problem = only(open_rows(write("count,tile\nx,y\n"), EVERY)).problem
    assert "count = 'x'" in problem
    assert "tile = 'y'" in problem


def test_defaults_have_their_types(write: Write) -> None:
    """A default of 1 is the same number as a cell that says 1."""
    rows = open_rows(write("similarity\n1\n \n"), EVERY)
    one, other = values(rows)
    assert key_of(one, EVERY, "p") == key_of(other, EVERY, "p")
    assert isinstance(other["similarity"], float)


# Pictures


def test_pictures_are_beside_the_rows(write: Write, folder: Path) -> None:
    """A path starts from the folder of the rows, and comes out absolute."""
    rows = open_rows(write(f"product\na.png\n ./b.png\n{folder / 'a.png'}\n"), SHOT)
    assert [row["product"] for row in values(rows)] == [
        str(folder / name) for name in ("a.png", "b.png", "a.png")
    ]


def test_pictures_have_a_folder_of_their_own(write: Write, folder: Path, tmp_path: Path) -> None:
    """With `pictures`, paths start from there and stay there."""
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "c.png").write_bytes(b"c")
    rows = [*open_rows(write("product\nc.png\n../rows/a.png\n"), SHOT, pictures=photos)]
    assert rows[0].values["product"] == str(photos / "c.png")
    assert f"it leads out of {photos}" in rows[1].problem
    assert "no such folder" in refused(write("product\na.png\n"), SHOT, pictures=folder / "no")


@pytest.mark.parametrize(
    "path", ["../outside.png", "sub/../../outside.png", "/etc/passwd", "../rowsb/a.png", ".."]
)
def test_no_path_climbs_out(write: Write, tmp_path: Path, path: str) -> None:
    """What is not in the folder is the row's problem, whether it is there or not."""
    sibling = tmp_path / "rowsb"
    sibling.mkdir()
    (sibling / "a.png").write_bytes(b"a")
    row = only(open_rows(write(f"product\n{path}\n"), SHOT))
    assert f"it leads out of {tmp_path / 'rows'}" in row.problem
    assert "--pictures DIR" in row.problem


def test_no_link_leads_out(write: Write, folder: Path, tmp_path: Path) -> None:
    """A link to a file outside, or through a folder, is a problem; one that stays inside is not."""
    (folder / "out.png").symlink_to(tmp_path / "outside.png")
    (folder / "up").symlink_to(tmp_path)
    (folder / "in.png").symlink_to(folder / "a.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    text = "product\nout.png\nup/outside.png\nin.png\nloop.png\n"
    rows = [*open_rows(write(text), SHOT)]
    assert f"it is a link that leads out of {folder}" in rows[0].problem
    assert f"it is a link that leads out of {folder}" in rows[1].problem
    assert rows[2].values["product"] == str(folder / "a.png")
    assert "cannot be read" in rows[3].problem


def test_a_folder_behind_a_link_is_a_folder(write: Write, folder: Path, tmp_path: Path) -> None:
    """Rows that are reached by a link find the pictures beside them."""
    write("product\na.png\n")
    (tmp_path / "link").symlink_to(folder)
    rows = open_rows(tmp_path / "link" / "rows.csv", SHOT)
    assert values(rows)[0]["product"] == str(folder / "a.png")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("missing.png", "product = 'missing.png': there is no such file in"),
        ("a.png/b.png", "there is no such file"),
        ("sub", "this is a folder. Name one picture."),
        ("pipe", "this is no file"),
        ("a\0.png", "it cannot be read"),
        ("x" * 300, "it cannot be read (File name too long)"),
        ("https://example.com/a.png", "the path of a local file is expected, and no address"),
        ("s3://bucket/a.png", "the path of a local file is expected"),
        ("file:///etc/passwd", "the path of a local file is expected"),
        ("data:image/png;base64,AAAA", "the path of a local file is expected"),
    ],
)
def test_what_is_no_picture_here_is_a_problem(
    write: Write, folder: Path, path: str, told: str
) -> None:
    """A picture is a file that is there; it is not opened, and nothing is fetched."""
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe")
    rows = [*open_rows(write(f'product\n"{path}"\na.png\n'), SHOT)]
    assert told in rows[0].problem
    assert rows[1].problem == ""


@pytest.mark.parametrize("cell", ["a.png;b.png", " a.png ; b.png;", '"[""a.png"", ""b.png""]"'])
def test_a_cell_has_several_pictures(write: Write, folder: Path, cell: str) -> None:
    """Paths are separated by semicolons, or a list in JSON."""
    params = {"looks": Param(type="images"), "scene": Param(default="snow")}
    rows = open_rows(write(f"looks,scene\n{cell},snow\n"), params)
    assert values(rows)[0]["looks"] == [str(folder / "a.png"), str(folder / "b.png")]


def test_one_of_several_pictures_may_be_missing(write: Write, folder: Path) -> None:
    """The problem names the one; names with semicolons or brackets are found as well."""
    params = {"looks": Param(type="images")}
    (folder / "[1].png").write_bytes(b"1")
    (folder / "c;d.png").write_bytes(b"1")
    text = 'looks\na.png;c.png\n[1].png\n"[""c;d.png""]"\n[]\n"[3]"\n;\n'
    rows = [*open_rows(write(text), params)]
    assert "looks = 'c.png': there is no such file" in rows[0].problem
    assert rows[1].values["looks"] == [str(folder / "[1].png")]
    assert rows[2].values["looks"] == [str(folder / "c;d.png")]
    assert "there is no such file" in rows[3].problem
    assert "looks = 3: the path of a picture is expected" in rows[4].problem
    assert "paths of pictures are expected" in rows[5].problem


# What holds for all rows


def test_what_is_fixed_fills_all_rows(write: Write) -> None:
    """A fixed value makes up for a column, and for a default."""
    rows = open_rows(write("scene\na\nb\n"), {**TEXTS, "n": Param()}, fixed={"n": "1"})
    assert [row["n"] for row in values(rows)] == ["1", "1"]


def test_nothing_is_filled_twice(write: Write, folder: Path) -> None:
    """A column, a fixed value and a list do not overrule each other: both are named."""
    path = write("scene,style\na,b\n")
    told = refused(path, TEXTS, fixed={"style": "x"})
    assert "style is filled twice: by a column of" in told
    assert "and by -p or --image" in told
    with pytest.raises(InvalidRequest, match=r"style is filled twice: by a column .* --matrix"):
        crossed(open_rows(path, TEXTS), {"style": ["x"]}, TEXTS, folder=folder)
    with pytest.raises(InvalidRequest, match="by -p or --image, for all rows, and by --matrix"):
        matrix({"scene": ["x"]}, TEXTS, fixed={"scene": "y"}, folder=folder)
    assert "no such param. It has scene, style. Did you mean style?" in refused(
        path, TEXTS, fixed={"stile": "x"}
    )


# JSON


def test_objects_fill_params_by_their_keys(write: Write, folder: Path) -> None:
    """Values come as JSON has them or as texts, and what is left out or null is the default."""
    lines = [
        {"scene": "snow", "count": 3, "tile": True, "sku": 7, "tags": ["a", "é"]},
        {"count": "4", "similarity": 0, "scene": None},
        {"scene": 5, "count": 3.0, "similarity": "0.5", "tile": 1},
    ]
    text = "\ufeff" + "\r\n".join(json.dumps(line) for line in lines)
    rows = open_rows(write(text, "rows.jsonl"), EVERY)
    rest = {"scene": "oak", "count": 2, "similarity": 1.0, "tile": False, "ratio": "1:1"}
    assert values(rows) == [
        {**rest, "scene": "snow", "count": 3, "tile": True},
        {**rest, "count": 4, "similarity": 0.0},
        {**rest, "scene": "5", "count": 3, "similarity": 0.5, "tile": True},
    ]
    assert next(iter(rows)).more == {"sku": "7", "tags": '["a", "é"]'}
    assert rows.more == ("sku", "tags")
    listed = open_rows(write(json.dumps(lines), "rows.json"), EVERY)
    assert [*listed] == [*rows]
    looks = {"looks": Param(type="images")}
    text = json.dumps({"looks": ["a.png", "b.png"]})
    assert len(values(open_rows(write(text, "rows.ndjson"), looks))[0]["looks"]) == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{scene: snow}", "line 3: this is no JSON: Expecting property name"),
        ('{"scene": "snow"', "line 3: this is no JSON"),
        ('["snow"]', "line 3: an object is expected"),
        ("null", "line 3: an object is expected, such as"),
        ("3", "this is 3."),
        ('{"count": NaN}', "line 3: NaN is no number"),
        ('{"count": -Infinity}', "line 3: -Infinity is no number"),
        ('{"similarity": 1e999}', "similarity = inf: a number is expected"),
        ('{"count": 1' + "0" * 5000 + "}", "line 3: "),
        ('{"count": true}', "count = True: a whole number is expected"),
        ('{"count": 2.5}', "count = 2.5: a whole number is expected"),
        ('{"scene": true}', "scene = True: text is expected"),
        ('{"scene": {"a": 1}}', "scene = {'a': 1}: text is expected"),
        ('{"scene": "a", "scene": "b"}', "line 3: it has the key scene more than once"),
        ('{"scene": "\\ud800"}', "line 3: it has half a character"),
        ('{"scene": ' + "[" * 100_000 + "]" * 100_000 + "}", "line 3: it is nested too deeply"),
        ("[" * 900 + "]" * 900, "an object is expected"),
        ('{"scene": "' + "x" * 1_000_001 + '"}', "at most 1,000,000 characters"),
    ],
)
def test_a_broken_line_is_a_row_with_a_problem(write: Write, line: str, told: str) -> None:
    """The line is named, blank ones count as lines and not as rows, and the rest is done."""
    text = f'{{"scene": "snow"}}\n\n{line}\n{{"scene": "ice"}}\n'
    rows = open_rows(write(text, "rows.jsonl"), EVERY)
    found = [*rows]
    assert len(rows) == 3
    assert [row.number for row in found] == [1, 2, 3]
    assert told in found[1].problem
    assert len(found[1].problem) < 400
    assert [found[0].values["scene"], found[2].values["scene"]] == ["snow", "ice"]


@pytest.mark.parametrize("depth", [200, 500, 800, 950])
def test_a_nested_value_is_one_rows_problem(write: Write, depth: int) -> None:
    """However deep a value is nested, another row is not touched."""
    deep = "[" * depth + "]" * depth
    text = f'{{"scene": {deep}, "more": {deep}}}\n{{"scene": "ice"}}\n'
    rows = [*open_rows(write(text, "rows.jsonl"), EVERY)]
    assert rows[0].problem
    assert not rows[1].problem


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rows.jsonl", "", "there is no row in it"),
        ("rows.jsonl", "\n \n", "there is no row in it"),
        ("rows.json", "[]", "there is no row in it"),
        ("rows.json", '{"a": 1}', "a list of objects is expected"),
        ("rows.json", '[\n{"a": 1},\n', "line 3: this is no JSON"),
        ("rows.json", "[" * 100_000, "nested too deeply"),
        ("rows.json", "[NaN]", "NaN is no number"),
        ("rows.jsonl", '{"sceen": "a"}\n{"b": "c"}', "Its columns are sceen, b. Is sceen meant"),
        ("rows.xlsx", "x", "Save the sheet as CSV"),
        ("rows.txt", "x", "files of rows are known by their names"),
        ("rows", "x", "files of rows are known by their names"),
    ],
)
def test_files_that_give_no_rows_are_refused(write: Write, name: str, text: str, told: str) -> None:
    """Before any row: what has no rows, is no JSON, or no file of rows."""
    assert told in refused(write(text, name), TEXTS)


def test_a_key_may_be_in_some_objects_only(write: Write) -> None:
    """A param that some object fills is no mistake of the file, but of the other rows."""
    text = '{"style": "x"}\n{"scene": "snow"}\n'
    rows = [*open_rows(write(text, "rows.jsonl"), TEXTS)]
    assert rows[0].problem == "scene: the row gives none, and there is no default."
    assert rows[1].problem == ""


def test_files_beyond_all_bounds_are_known(write: Write, folder: Path) -> None:
    """An endless line is one row's problem, very many keys are said, a huge list is refused."""
    line = '{"scene": "' + "x" * 20_000_000 + '"}\n{"scene": "ice"}\n'
    rows = [*open_rows(write(line, "rows.jsonl"), TEXTS)]
    assert rows[0].problem == "line 1: has more than 20,000,000 characters."
    assert rows[1].values["scene"] == "ice"
    keys = json.dumps({**{f"key {each}": each for each in range(2000)}, "scene": "snow"})
    many = open_rows(write(keys, "rows.jsonl"), TEXTS)
    assert only(many).values["scene"] == "snow"
    assert len(only(many).more) == 2000
    assert "has more than 1,000 keys" in many.warnings[0]
    os.truncate(write("[]", "rows.json"), 100_000_001)
    assert "Write JSON lines (.jsonl)" in refused(folder / "rows.json", TEXTS)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """What cannot be found is said, with what is expected."""
    assert "there is no such file or folder" in refused(tmp_path / "no.csv", TEXTS)


# Parquet


def test_parquet_is_read_in_batches(folder: Path) -> None:
    """Columns of a Parquet file fill params with their own types."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = folder / "rows.parquet"
    table = {
        "product": ["a.png", "b.png"] * 500,
        "count": [*range(999), None],
        "sku": [b"abc"] * 1000,
        "price": [1.5] * 1000,
    }
    parquet.write_table(arrow.table(table), path)
    params = {**SHOT, "count": Param(type="integer", default=7)}
    rows = open_rows(path, params)
    found = values(rows)
    assert [row["count"] for row in found] == [*range(999), 7]
    assert found[1]["product"] == str(folder / "b.png")
    assert next(iter(rows)).more == {"sku": "3 bytes", "price": "1.5"}
    path.write_bytes(b"PAR1 and no more")
    assert "this is no Parquet file" in refused(path, SHOT)


def test_parquet_needs_pyarrow(folder: Path) -> None:
    """Where pyarrow is not installed, the error says how to install it."""
    (folder / "rows.parquet").write_bytes(b"PAR1")
    code = (
        "import sys; sys.modules['pyarrow'] = None; from pathlib import Path;"
        "from darkroom.batch.rows import open_rows\n"
        "try: open_rows(Path(sys.argv[1]), {})\n"
        "except ValueError: raise\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    command = [sys.executable, "-c", code, str(folder / "rows.parquet")]
    told = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    assert told.startswith("InvalidRequest")
    assert "pip install pyarrow" in told


# A folder of pictures


def test_a_folder_gives_its_pictures(folder: Path) -> None:
    """Each picture is a row, numbers in names in their order, and its name is kept."""
    for name in ("10.png", "2.JPG", ".hidden.png", "notes.txt", "1.webp"):
        (folder / name).write_bytes(b"x")
    (folder / "folder.png").mkdir()
    rows = open_rows(folder, SHOT)
    names = ["1.webp", "2.JPG", "10.png", "a.png", "b.png"]
    assert [row["product"] for row in values(rows)] == [str(folder / name) for name in names]
    assert [row.more for row in rows] == [{"file": name} for name in names]
    assert rows.more == ("file",)
    assert [row["scene"] for row in values(rows)] == ["an oak table"] * 5
    assert rows.warnings == [f"{folder}: left out as no pictures: notes.txt."]


def test_a_folder_fills_one_param(folder: Path) -> None:
    """Which one must be plain: the only one, the only one without default, or what is left."""
    two = {**SHOT, "mask": Param(type="image")}
    told = refused(folder, two)
    assert "product and mask are to be filled" in told
    assert "--image mask=FILE" in told
    rows = open_rows(folder, two, fixed={"mask": str(folder / "a.png")})
    assert values(rows)[1]["product"] == str(folder / "b.png")
    default = {**SHOT, "mask": Param(type="image", default="mask.png")}
    assert "mask" not in values(open_rows(folder, default))[0]
    assert "no param of type image" in refused(folder, TEXTS)
    assert "nothing fills style" in refused(folder, {**SHOT, "style": Param()})


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    """A folder that has none, or in which they lie deeper, says so."""
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "a.png").write_bytes(b"x")
    assert "no picture in this folder (folders in it are not" in refused(tmp_path, SHOT)


def test_links_in_a_folder_stay_in_it(folder: Path, tmp_path: Path) -> None:
    """A folder of links is read where the folder behind them is named."""
    (folder / "c.png").symlink_to(tmp_path / "outside.png")
    assert [bool(row.problem) for row in open_rows(folder, SHOT)] == [False, False, True]
    assert len(values(open_rows(folder, SHOT, pictures=tmp_path))) == 3


def test_a_name_that_is_no_text_is_a_problem(folder: Path) -> None:
    """A file whose name is not UTF-8 does not stop the batch, and can be written down."""
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png")).write_bytes(b"x")
    rows = [*open_rows(folder, SHOT)]
    assert "its name is not UTF-8" in rows[2].problem
    json.dumps([dict(rows[2].values), dict(rows[2].more), rows[2].problem]).encode()
    for text in (rows[2].values["product"], rows[2].more["file"], rows[2].problem):
        assert text.encode()


@given(st.lists(st.text(), max_size=6))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    """No two names are beyond comparison."""
    there = sorted(names, key=natural)
    backwards = there[::-1]
    backwards.sort(key=natural)
    assert backwards == there


# Combinations


def test_a_matrix_is_every_combination(folder: Path) -> None:
    """The first param changes slowest; values have their types, and pictures their paths."""
    params = {**EVERY, "product": Param(type="image")}
    lists = {"product": ["a.png", "b.png"], "count": ["1", "2", "3"]}
    rows = matrix(lists, params, fixed={"scene": "snow"}, folder=folder)
    found = values(rows)
    assert [(row["product"][-5:], row["count"]) for row in found] == [
        (name, count) for name in ("a.png", "b.png") for count in (1, 2, 3)
    ]
    assert {row["scene"] for row in found} == {"snow"}
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ({"scenes": ["a"]}, "no such param. It has scene, style. Did you mean scene?"),
        ({"scene": []}, "a list of values is expected"),
        ({"scene": "abc"}, "a list of values is expected"),
        ({"style": ["a"]}, "nothing fills scene, and there is no default"),
        ({"scene": ["a"] * 400, "style": ["b"] * 300}, "400 scene x 300 style are 120,000 comb"),
    ],
)
def test_a_matrix_that_is_wrong_is_refused(folder: Path, lists: dict[str, Any], told: str) -> None:
    """Before any row: unknown names, no values, too many combinations."""
    with pytest.raises(InvalidRequest) as raised:
        matrix(lists, TEXTS, folder=folder)
    assert told in str(raised.value)


def test_a_listed_value_that_does_not_fit_is_refused(folder: Path) -> None:
    """A matrix comes from a command line, so its mistakes stop it."""
    with pytest.raises(InvalidRequest, match="count = 'x': a whole number"):
        matrix({"count": ["1", "x"]}, EVERY, folder=folder)


def test_rows_are_crossed_with_a_matrix(write: Write, folder: Path) -> None:
    """Each row is taken with each combination, broken rows too, and numbers count on."""
    path = write("scene\nsnow\n\nice,x\n")
    opened = open_rows(path, {"scene": Param(), "style": Param()}, later={"style"})
    rows = crossed(opened, {"style": ["a", "b"]}, opened.params, folder=folder)
    found = [*rows]
    assert len(rows) == len(found) == 4
    assert [row.number for row in found] == [1, 2, 3, 4]
    assert [row.values["style"] for row in found] == ["a", "b", "a", "b"]
    assert [bool(row.problem) for row in found] == [False, False, True, True]
    assert found[1].values == {"scene": "snow", "style": "b"}


# The command line


def test_given_texts_become_values(folder: Path) -> None:
    """They have the params' types, and pictures may be anywhere."""
    params = {**EVERY, "product": Param(type="image"), "looks": Param(type="images")}
    texts = {
        "product": "../outside.png",
        "looks": ["a.png", str(folder / "b.png")],
        "count": ["5"],
        "scene": "",
        "tile": "yes",
    }
    assert parse_values(texts, params, folder) == {
        "product": str(folder.parent / "outside.png"),
        "looks": [str(folder / "a.png"), str(folder / "b.png")],
        "count": 5,
        "scene": "",
        "tile": True,
    }
    uri = (folder / "a.png").as_uri()
    assert parse_values({"product": uri}, params, Path("/")) == {"product": str(folder / "a.png")}
    both = parse_values({"looks": ["a.png;b.png"]}, params, folder)
    assert len(both["looks"]) == 2


def test_given_pictures_of_the_store_stay(folder: Path, picture: Callable[..., Picture]) -> None:
    """A picture by reference has no path to look for, and counts by its content."""
    made = picture()
    assert parse_values({"product": made}, SHOT, folder) == {"product": made}
    keys = {key_of({"product": each}, SHOT, "p") for each in (made, picture(color="red"))}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"scen": "x"}, "scen = 'x': the pipeline has no such param. It has product, scene."),
        ({"product": "no.png"}, "product = 'no.png': there is no such file in"),
        ({"product": ""}, "the path of a picture is expected"),
        ({"product": "~nobody/x.png"}, "there is no such file"),
        ({"product": "s3://bucket/a.png"}, "no address"),
        ({"product": "file://[broken"}, "cannot be read"),
        ({"scene": ["a", "b"]}, "one value is expected. Give it once."),
        ({"scene": None}, "text is expected"),
    ],
)
def test_what_is_given_wrongly_is_refused(folder: Path, texts: dict[str, Any], told: str) -> None:
    """A slip on the command line is said with the name, the value and the rule."""
    with pytest.raises(InvalidRequest) as raised:
        parse_values(texts, SHOT, folder)
    assert told in str(raised.value)


# Keys


def test_a_key_names_what_is_asked_for(folder: Path) -> None:
    """It changes with the pipeline, a value and a picture's file, and with nothing else."""
    one = {"product": str(folder / "a.png"), "scene": "snow"}
    key = key_of(one, SHOT, "p")
    assert len(key) == 64
    assert key == key_of(dict(reversed(one.items())), SHOT, "p")
    assert key != key_of(one, SHOT, "q")
    assert key != key_of({**one, "scene": "ice"}, SHOT, "p")
    assert key != key_of({**one, "product": str(folder / "b.png")}, SHOT, "p")
    os.utime(folder / "a.png", ns=(1, 1))
    touched = key_of(one, SHOT, "p")
    assert touched != key
    (folder / "a.png").write_bytes(b"longer than before")
    os.utime(folder / "a.png", ns=(1, 1))
    assert key_of(one, SHOT, "p") not in (key, touched)


def test_a_missing_picture_has_a_key(folder: Path) -> None:
    """A row that cannot be run is named all the same, and otherwise once its file is there."""
    values = {"looks": [str(folder / "c.png"), "a\0b"]}
    params = {"looks": Param(type="images")}
    before = key_of(values, params, "p")
    (folder / "c.png").write_bytes(b"c")
    assert key_of(values, params, "p") != before


# Memory


def peak(path: Path, lines: int, line: Callable[[int], str], header: str = "") -> int:
    """Bytes at most while a file is opened and its rows are read."""
    with path.open("w", encoding="utf-8") as file:
        file.write(header)
        for number in range(lines):
            file.write(line(number))
    tracemalloc.start()
    try:
        rows = open_rows(path, {"scene": Param()})
        assert sum(not row.problem for row in rows) == len(rows) == lines
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.drill
def test_memory_is_flat(tmp_path: Path) -> None:
    """A hundred times the rows, 2.6 MB of them, need no more memory."""

    def line(number: int) -> str:
        return f"an oak table in light number {number:09},{number:012}\n"

    few = peak(tmp_path / "few.csv", 500, line, "scene,sku\n")
    many = peak(tmp_path / "many.csv", 50_000, line, "scene,sku\n")
    # Threads that other tests have left behind may take a little meanwhile.
    assert many < few + 1_000_000, (few, many)
