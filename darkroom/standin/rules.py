"""What a request body may look like: JSON Schema, its violations worded as AWS words them.

The texts are those of the Java validator behind Bedrock (`#/textToImageParams/text: expected
maxLength: 512, actual: 536`), as users report them from the Amazon models. The small functions
below make the schemas, so that a model's table reads like the AWS page it was written from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

Schema: TypeAlias = Mapping[str, Any]
Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong with a body.

    Attributes:
        pointer: Where, as `#/textToImageParams/text`.
        keyword: The rule that was broken, in JSON Schema's words.
        text: What AWS's validator says about it.
        field: The field that is missing, unknown or wrong.
    """

    pointer: str
    keyword: str
    text: str
    field: str


def text(shortest: int = 0, longest: int | None = None) -> Schema:
    """A string of so many characters."""
    limit = {} if longest is None else {"maxLength": longest}
    return {"type": "string", "minLength": shortest, **limit}


def whole(least: int, most: int, step: int = 1) -> Schema:
    """An integer from `least` to `most`, in steps."""
    return {"type": "integer", "minimum": least, "maximum": most, "multipleOf": step}


def number(least: float, most: float) -> Schema:
    """A number from `least` to `most`."""
    return {"type": "number", "minimum": least, "maximum": most}


def choice(*values: str) -> Schema:
    """One of these strings."""
    return {"type": "string", "enum": list(values)}


def flag() -> Schema:
    """True or false."""
    return {"type": "boolean"}


def several(item: Schema, least: int, most: int) -> Schema:
    """An array of so many items."""
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


def fields(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object that has all the required fields and none but those named here."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def exactly_one(*names: str) -> Schema:
    """Of these fields an object has one; merge it into what `fields` made."""
    return {"oneOf": [{"required": [name]} for name in names]}


def violations(body: object, schema: Schema) -> list[Violation]:
    """List everything that is wrong with a body, outermost first."""
    found = _Validator(schema).iter_errors(body)
    flat = (each for error in found for each in _worded(error))
    # The library reports "required" once per missing field; `_worded` names them all at once.
    return list(dict.fromkeys(flat))


def _is_integer(_checker: object, value: object) -> bool:
    # JSON Schema calls 5.0 an integer; the service's validator does not.
    return isinstance(value, int) and not isinstance(value, bool)


_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)

_JAVA_TYPES: Mapping[type, str] = {
    str: "String",
    int: "Integer",
    float: "BigDecimal",
    bool: "Boolean",
    dict: "JSONObject",
    list: "JSONArray",
    type(None): "Null",
}
_WANTED_TYPES: Mapping[str, str] = {
    "string": "String",
    "integer": "Integer",
    "number": "Number",
    "boolean": "Boolean",
    "object": "JSONObject",
    "array": "JSONArray",
}

_TEXTS: Mapping[str, Callable[[Any, Any], str]] = {
    "type": lambda want, got: (
        f"expected type: {_WANTED_TYPES[want]}, found: {_JAVA_TYPES[type(got)]}"
    ),
    "maxLength": lambda want, got: f"expected maxLength: {want}, actual: {len(got)}",
    "minLength": lambda want, got: f"expected minLength: {want}, actual: {len(got)}",
    "maximum": lambda want, got: f"{got} is not less or equal to {want}",
    "minimum": lambda want, got: f"{got} is not greater or equal to {want}",
    "multipleOf": lambda want, got: f"{got} is not a multiple of {want}",
    "enum": lambda _want, got: f"{got} is not a valid enum value",
    "maxItems": lambda want, got: f"expected maximum item count: {want}, found: {len(got)}",
    "minItems": lambda want, got: f"expected minimum item count: {want}, found: {len(got)}",
}


def _worded(error: ValidationError) -> Iterator[Violation]:
    pointer = "/".join(["#", *(str(step) for step in error.absolute_path)])
    last = str(error.absolute_path[-1]) if error.absolute_path else ""
    keyword, want, got = str(error.validator), error.validator_value, error.instance
    if keyword == "required":
        yield from _each(_absent(want, got), pointer, keyword, "required key [{}] not found")
    elif keyword == "additionalProperties":
        unknown = [name for name in got if name not in error.schema["properties"]]
        yield from _each(unknown, pointer, keyword, "extraneous key [{}] is not permitted")
    elif keyword == "oneOf":
        matched = sum(not _absent(option["required"], got) for option in want)
        told = f"{matched} subschemas matched instead of one"
        yield Violation(pointer, keyword, told, last)
    else:
        yield Violation(pointer, keyword, _TEXTS[keyword](want, got), last)


def _absent(names: Iterable[str], body: Body) -> list[str]:
    return [name for name in names if name not in body]


def _each(names: Iterable[str], pointer: str, keyword: str, told: str) -> Iterator[Violation]:
    for name in names:
        yield Violation(pointer, keyword, told.format(name), name)
