"""What `darkroom check` knows without running: conditions, picks, near references, all at once."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.schema import schema
from darkroom.pipeline.source import BadPipeline, Problem, parse
from tests.test_cli import Darkroom, darkroom
from tests.test_pipeline_file import problems

__all__ = ["darkroom"]  # the fixture

START = """\
name: a
params: {photo: {type: image}, f: {}, n: {type: integer}, flag: {type: boolean}}
steps:
  a: {mode: text_to_image, prompt: "a mug for $5, ${params.f}"}
  b: {do: resize, image: "${params.photo}", width: "${params.n}", when: "${params.flag}"}
"""
"""Five lines stand before what a test adds; all params are used."""


def found(line: str) -> list[str]:
    """The problems of the line that is added, without their place; [] if it is in order."""
    said: list[Problem] = []
    try:
        Pipeline.parse(START + line)
    except BadPipeline as error:
        said += error.problems
    assert {each.line for each in said} <= {6}
    return [each.text for each in said]


def upscale(more: str) -> str:
    return f'  x: {{mode: upscale, model: fast, image: "${{a}}", {more}}}'


@pytest.mark.parametrize(
    ("when", "told"),
    [
        (
            '"${a.width} > 3 and true"',
            "3 and true is text, which cannot be compared. There is no and",
        ),
        ('"${a.width} > wide"', "${a.width} is a number and wide is text, which cannot be"),
        ('"${a.model} < 3"', "${a.model} is text and 3 is a number, which cannot be"),
        ('"${params.n} == many"', "${params.n} is a number and many is text: that is never so"),
        ('"${params.flag} != yes"', "is true or false and yes is text: that is always so"),
        ('"yes"', "a condition is a reference, one comparison, or true or false without quotes"),
        ('"false"', "or true or false without quotes"),
        ('"not ${params.flag}"', "one comparison, or true or false without quotes. There is no"),
        ('"1 < ${a.width} < 5"', "a condition is a reference, one comparison"),
        ('"${params.f} == a and ${params.flag}"', "There is no and, or, not"),
        ('"${a.width} = 3"', "a comparison is written =="),
        ('"${a.width} >"', "one side of > is missing"),
        ('"${a} == 3"', "${a} is a picture, and cannot be compared: ${a.width} can"),
        ("7", "when = 7: text or true or false is expected"),
    ],
)
def test_a_condition_that_cannot_hold_is_said(when: str, told: str) -> None:
    """What cannot be compared, is always the same, or is no condition, is known beforehand."""
    (said,) = found(upscale(f"when: {when}"))
    assert told in said


@pytest.mark.parametrize(
    "when",
    [
        "true",
        "no",
        '"${params.flag}"',
        '"${a}"',
        '"${ a.width } > 3"',
        '"${a.width} >= ${params.n}"',
        '"${params.f} > 3"',
        '"${params.f} == salt and pepper"',
        "\"${params.f} == 'a < b'\"",
        '"${params.flag} == true"',
        '"${a.model} != core"',
        '"${params.n}${params.n} > 11"',
    ],
)
def test_a_condition_that_may_hold_is_in_order(when: str) -> None:
    """A text that is written like a number is compared as one; quotes make a text of anything."""
    assert found(upscale(f"when: {when}")) == []
    assert judged(START + upscale(f"when: {when}"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{do: flatten, image: "${a[7]}"}', "${a[7]}: a gives 1 picture: the last is ${a[0]}"),
        ('{do: flatten, image: ["${b}", "${a[1]}"]}', "${a[1]}: a gives 1 picture"),
        (
            '{mode: text_to_image, prompt: a, when: "${a[1].width} > 3"}',
            "${a[1].width}: a gives 1 picture",
        ),
    ],
)
def test_a_picture_that_is_not_there_is_known(line: str, told: str) -> None:
    """A step gives as many pictures as its count, for each that it fans out over."""
    assert any(told in each for each in found(f"  x: {line}"))


def test_a_fan_out_gives_as_many() -> None:
    """Steps behind one of a count have as many; one whose count is a param may have any."""
    text = (
        "name: a\nparams: {n: {type: integer}}\nsteps:\n"
        "  a: {mode: text_to_image, prompt: a, count: 4}\n"
        '  b: {mode: upscale, model: fast, image: "${a}"}\n'
        '  c: {do: flatten, image: ["${b[3]}", "${d[9]}"]}\n'
        '  d: {mode: text_to_image, prompt: a, count: "${params.n}"}\n'
    )
    assert Pipeline.parse(text).outputs == ("c",)
    (said,) = problems(text.replace("b[3]", "b[4]"))
    assert said == "6:28: ${b[4]}: b gives 4 pictures: the last is ${b[3]}"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("$params.f", "write ${params.f}"),
        ("in $(params.f) light", "$(params.f) is no reference, and would stay as it is: write"),
        ("{params.f}", "write ${params.f}"),
        ("{{ params.f }}", "{{ params.f }} is no reference"),
        ("${{ params.f }}", "${{ params.f }} is no reference"),
        ("$f", "write ${params.f}"),
        ("like {a.model}", "write ${a.model}"),
        ("${f}", "there is no such step. f is a param: write ${params.f}"),
        ("${params.a}", "there is no such param. a is a step: write ${a}"),
        ("${params.f", "${params.f: the reference that begins here is not closed by }"),
        ("${params.photo}", "prompt: ${params.photo} is a picture, and something else"),
        ("a ${params.photo}", "prompt: ${params.photo} is a picture, and a text is expected"),
        ("a ${a} mug", "prompt: ${a} are pictures, and a text is expected. ${a.width} is one"),
    ],
)
def test_what_means_a_reference_and_is_none(words: str, meant: str) -> None:
    """It would be sent, and paid for, as it stands: what is meant is said."""
    (said,) = found(f'  x: {{mode: text_to_image, prompt: "{words}"}}')
    assert meant in said


@pytest.mark.parametrize(
    "words",
    ["$5", "from $5.99 to $10", "${ params.f }", "{mug}", "$mug", "{a, b}", "(a)", "US$ a", "a"],
)
def test_ordinary_words_are_no_references(words: str) -> None:
    """Prices, braces, and names that the file does not know stand for themselves."""
    assert found(f'  x: {{mode: text_to_image, prompt: "{words}"}}') == []


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("hello ${params.n}", "image = 'hello ${params.n}': a picture is one whole reference"),
        ("a", "image: there is no file a beside the pipeline: did you mean ${a}?"),
        ("photo", "did you mean ${params.photo}?"),
    ],
)
def test_what_is_no_picture(image: str, told: str) -> None:
    """A picture is one whole reference, or a file; a bare name may mean a reference."""
    (said,) = found(f'  x: {{do: flatten, image: "{image}"}}')
    assert told in said


def test_nested_fields_have_their_places() -> None:
    """The field within a field is named, with the nearest name; references in it are left."""
    line = '  x: {mode: outpaint, image: "${a}", expand: {right: "${params.n}", %s}}'
    assert problems(START + line % "lef: 3") == [
        "6:69: expand.lef is unknown here. Did you mean left?"
    ]
    assert problems(START + line % "left: -3") == ["6:69: expand.left = -3: at least 0 is allowed"]
    assert problems(START + line % "up: wide") == [
        "6:69: expand.up = 'wide': a whole number is expected"
    ]
    assert found(line % "left: 300") == []


def test_mistakes_of_shape_hide_no_others() -> None:
    """In plain words, in the order of the file, together with those of the steps."""
    told = problems(
        "name: my-banner\nextra: 1\nparams: {p: {type: img}}\nsteps:\n"
        "  a: {mode: upscal, retries: 99}\n"
        '  b: [c]\n  c: {do: flatten, image: ["${b}", "${params.p}", "${q}"]}\noutputs: c\n'
    )
    assert told == [
        "1:7: my-banner is no name: it has letters, digits and _, and no digit at its beginning. "
        "Did you mean my_banner?",
        "2:1: extra is unknown here.",
        "3:14: type = 'img': it is one of image, images, text, integer, number, boolean. "
        "Did you mean image?",
        "5:7: upscal: there is no such mode. Did you mean upscale?",
        "5:21: retries = 99: at most 20 is allowed",
        "6:3: b: a mapping (NAME: VALUE) is expected",
        "7:51: ${q}: there is no such step.",
        "8:10: outputs: a list ([ONE, TWO]) is expected: the names of steps, such as [cutout, big]",
    ]


def test_steps_are_no_list() -> None:
    """It is said how they are written, at the list itself."""
    (told,) = problems("name: a\nsteps:\n  - mode: upscale\n")
    assert told.startswith("3:3: steps: a mapping (NAME: VALUE) is expected: each step under its")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a: "b\nc: d\n', "1:4: this is no YAML: the quote that begins here is not closed"),
        ('a: ["b]\nc: ["d"]', "the quote that begins in line 1, column 5 ends in line 2"),
        ("a: {b: ${params.f, c: 3}", "1:8: this is no YAML: the ${ that begins here is not"),
        ("a: {b: 3\nc: 4\n", "the { that begins in line 1, column 4 may not be closed"),
        ('a: "\\d"', "unknown escape character 'd': between double quotes \\ has a meaning"),
        ("name: é\x00", "1:8: byte 9 of the file (0x00) is no text. Remove it."),
    ],
)
def test_what_is_no_yaml_is_said_where_it_begins(text: str, told: str) -> None:
    """A quote, brace or reference that is not closed, and a character that is none of a text."""
    (said,) = problems(text)
    assert told in said


def test_bytes_that_are_no_text_have_their_place(tmp_path: Path) -> None:
    """Line and byte, counted with a byte order mark; UTF-16 is recognized."""
    path = tmp_path / "p.yaml"
    for data, told in [
        (
            b"\xef\xbb\xbfname: a\n# caf\xe9\n",
            ":2:6: byte 17 of the file (0xE9) is not UTF-8. Save",
        ),
        (
            b"\xef\xbb\xbfname: a\n# \x01\n",
            ":2:3: byte 14 of the file (0x01) is no text. Remove it.",
        ),
        ("name".encode("utf-16"), "is not UTF-8, and the file seems to be UTF-16. Save it as"),
        (b"x" * 4_000_001, "has more than 4,000,000 bytes"),
    ]:
        path.write_bytes(data)
        with pytest.raises(BadPipeline) as raised:
            Pipeline.load(path)
        assert told in str(raised.value)


def test_mistakes_of_a_part_stay_together(darkroom: Darkroom, tmp_path: Path) -> None:
    """They stand behind the step that names the file, once, however often it is named."""
    (tmp_path / "part.yaml").write_text("name: p\nsteps:\n  x: {mode: nil}\n  y: {mode: upscal}\n")
    whole = tmp_path / "whole.yaml"
    whole.write_text(
        "name: w\nsteps:\n  z: {mode: upscal}\n  a: {pipeline: part.yaml}\n"
        "  b: {pipeline: part.yaml}\n  c: {do: crops}\n"
    )
    done = darkroom("check", str(whole), str(tmp_path / "part.yaml"))
    lines = [line.removeprefix(f"{tmp_path}/") for line in done.stderr.splitlines()]
    assert [line.split(":")[:2] for line in lines] == [
        ["whole.yaml", "3"],
        ["whole.yaml", "4"],
        ["part.yaml", "3"],
        ["part.yaml", "4"],
        ["whole.yaml", "5"],
        ["whole.yaml", "6"],
    ]
    assert lines[1].endswith("part.yaml is not in order:")
    assert lines[4].endswith("part.yaml is not in order, as is said above")


def test_a_circle_of_files_is_said_once(tmp_path: Path) -> None:
    """Two steps that close the same circle are one mistake."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("name: one\nsteps:\n  z: {pipeline: two.yaml}\n")
    two.write_text("name: two\nsteps:\n  z: {pipeline: one.yaml}\n  y: {pipeline: one.yaml}\n")
    with pytest.raises(BadPipeline) as raised:
        Pipeline.load(one)
    heading, circle = raised.value.problems
    assert heading.text == "two.yaml is not in order:"
    assert circle.text == f"the files are steps of each other: {one} -> {two} -> {one}"


PART = """\
name: part
params: {photo: {type: image}, n: {type: integer, default: 3}, words: {default: a mug}}
steps:
  wide: {do: resize, image: "${params.photo}", width: "${params.n}"}
  tall: {mode: text_to_image, prompt: "${params.words}"}
"""


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("n: many", "n = 'many': integer is expected."),
        ('n: "${params.f}"', "n: ${params.f} is a picture, and a text is expected"),
        ("photo: none.png", "photo: there is no file none.png beside the pipeline"),
        ("photo: 3", "photo: a picture is expected"),
        ('words: "${a}"', "words: ${a} are pictures, and a text is expected"),
    ],
)
def test_a_part_is_given_what_its_params_are(tmp_path: Path, fields: str, told: str) -> None:
    """The type of what a step hands on is checked against the param of the other file."""
    (tmp_path / "part.yaml").write_text(PART)
    whole = tmp_path / "whole.yaml"
    photo = "" if "photo:" in fields else 'photo: "${params.f}", '
    whole.write_text(
        "name: w\nparams: {f: {type: image}}\nsteps:\n"
        '  a: {do: flatten, image: "${params.f}"}\n'
        f"  x: {{pipeline: part.yaml, {photo}{fields}}}\n"
    )
    with pytest.raises(BadPipeline) as raised:
        Pipeline.load(whole)
    assert told in str(raised.value)


def test_the_outputs_of_a_part_have_numbers(tmp_path: Path) -> None:
    """They have no names outside: the message says how one of them is written."""
    (tmp_path / "part.yaml").write_text(PART)
    whole = tmp_path / "whole.yaml"
    text = (
        "name: w\nparams: {f: {type: image}}\nsteps:\n"
        '  inner: {pipeline: part.yaml, photo: "${params.f}"}\n'
        '  x: {do: flatten, image: "${inner[1]}"}\n'
    )
    whole.write_text(text)
    assert Pipeline.load(whole).outputs == ("x",)
    whole.write_text(text.replace("inner[1]", "inner.wide"))
    with pytest.raises(BadPipeline, match=r"The pictures of part\.yaml are \$\{inner\}, and one"):
        Pipeline.load(whole)
    whole.write_text(text.replace("inner[1]", "inner[2]"))
    with pytest.raises(BadPipeline, match=r"inner gives 2 pictures: the last is \$\{inner\[1\]\}"):
        Pipeline.load(whole)


OLD = "name: old\nsteps:\n  z: {mode: text_to_image, model: titan-v1, prompt: a mug}\n"


def test_a_retired_model_is_a_warning(darkroom: Darkroom, tmp_path: Path) -> None:
    """A block may allow it: check says so, with the successor, and the file is in order."""
    path = tmp_path / "old.yaml"
    path.write_text(OLD)
    done = darkroom("check", str(path))
    assert done.returncode == 0
    assert done.stdout == f"{path}: old is in order, 1 step\n"
    assert f"{path}:3:28: warning: Titan Image Generator G1 v1" in done.stderr
    assert "For text_to_image use core" in done.stderr
    listed = darkroom("check", str(path), "--json")
    (told,) = json.loads(listed.stdout)
    assert (listed.returncode, told["level"], told["line"]) == (0, "warning", 3)
    substituted = OLD.replace("prompt", "on_retired: substitute, prompt")
    assert Pipeline.parse(substituted).warnings == ()


def judged(text: str) -> bool:
    """Whether the schema that editors are given takes a file."""
    return jsonschema.Draft202012Validator(schema()).is_valid(parse(text).data)


HEAD = "name: a\nparams: {n: {type: integer}, f: {}, p: {type: image}}\n"
USED = """\
steps:
  u: {do: resize, image: "${params.p}", width: "${params.n}", when: "${params.f} > 1"}
"""
TRICKY = [
    '  x: {mode: outpaint, image: "${u}", expand: {left: 300, right: "${params.n}"}}\n',
    '  x: {mode: outpaint, image: "${u[0]}", expand: {left: 3}, when: "${ u.width } > 2"}\n',
    '  x: {mode: text_to_image, model: sdxl, prompt: a, size: [1024, "${u.height}"]}\n',
    "  x: {mode: image_to_image, model: sdxl, image: '${u}',\n"
    "    weighted_prompts: [{text: '${params.f}', weight: '${params.n}'}, {text: a}]}\n",
    '  x: {do: crop, image: "${u}", width: 50%, height: "${params.n}"}\n',
    '  x: {do: contact_sheet, images: "${u}", title: "a ${ params.f } b"}\n',
    "  x: {mode: text_to_image, prompt: a, seed: null, when: false, optional: true, retries: 0}\n",
    '  x: {mode: text_to_image, prompt: "${params.f}", count: "${params.n}", seed: 1}\n',
]


@pytest.mark.parametrize("step", TRICKY)
def test_what_is_in_order_fits_the_schema(step: str) -> None:
    """References may stand within lists and mappings, with spaces, and where numbers are."""
    text = HEAD + USED + step
    assert Pipeline.parse(text).name == "a"
    assert judged(text)


def test_what_is_in_the_defaults_fits_the_schema() -> None:
    """A field that a mode needs may stand in the defaults of the file."""
    text = 'name: a\nparams: {p: {type: image}}\ndefaults: {image: "${params.p}"}\nsteps:\n'
    step = "  x: {mode: upscale, model: fast}\n"
    assert Pipeline.parse(text + step).steps["x"].fields == {"image": "${params.p}"}
    assert judged(text + step)
    assert not judged("name: a\nsteps:\n" + step)


@pytest.mark.parametrize(
    "step",
    [
        '  x: {mode: outpaint, image: "${u}", expand: {lef: 3}}\n',
        '  x: {mode: outpaint, image: "${u}", expand: {left: -3}}\n',
        '  x: {mode: outpaint, image: "${u}", expand: [3]}\n',
        '  x: {mode: upscale, image: "${u}", when: "yes"}\n',
        '  x: {mode: upscale, image: "${u}", retries: 99}\n',
        '  x: {mode: upscale, image: "${u}", on_retired: ask}\n',
        "  x: {mode: upscale}\n",
        "  x: {do: resize, width: 3}\n",
        "  x: {mode: upscal}\n",
        '  x-y: {do: flatten, image: "${u}"}\n',
        "  x: [a]\n",
    ],
)
def test_what_is_wrong_fits_neither(step: str) -> None:
    """What a schema can know it refuses, as the check does."""
    assert problems(HEAD + USED + step)
    assert not judged(HEAD + USED + step)
