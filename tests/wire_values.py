"""Values of any of the program's structs, for Hypothesis: made from what their types say, with their bounds."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

SAFE_INTEGER = 2**53 - 1
TEXT = st.text(
    st.one_of(st.sampled_from('"\\\n\r\t\0\x7f\u2028\u2029é😀\U0010ffff/<'), st.characters(codec="utf-8")), max_size=30
)


def like(struct: type[Any]) -> st.SearchStrategy[Any]:
    """Any value of this struct."""
    return builtins_like(inspect.type_info(struct)).map(lambda given: msgspec.convert(given, struct))


def builtins_like(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """The same as plain dicts, lists, text and numbers, with the keys of the wire."""
    match kind:
        case inspect.StructType(tag=tag, tag_field=tag_field, fields=fields):
            wanted = {field.encode_name: builtins_like(field.type) for field in fields if field.required}
            maybe = {field.encode_name: builtins_like(field.type) for field in fields if not field.required}
            if tag_field is not None:
                wanted[tag_field] = st.just(tag)
            return st.fixed_dictionaries(wanted, optional=maybe)
        case inspect.UnionType(types=types):
            return st.one_of(*map(builtins_like, types))
        case inspect.LiteralType(values=values):
            return st.sampled_from(sorted(values))
        case inspect.IntType(ge=least, le=most):
            return st.integers(-SAFE_INTEGER if least is None else least, SAFE_INTEGER if most is None else most)
        case inspect.FloatType():
            return st.floats(0, 2**40)
        case inspect.StrType(pattern=None, min_length=least, max_length=most):
            return TEXT.map(lambda text: text.ljust(least or 0, "x")[:most])
        case inspect.StrType(min_length=least):
            return st.from_regex(r"[a-z0-9]{8,48}" if least is None else r"[A-Za-z0-9_.:-]{8,64}", fullmatch=True)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.ListType(item_type=item):
            return st.lists(builtins_like(item), max_size=4)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(builtins_like(key), builtins_like(value), max_size=4)
        case inspect.AnyType():
            leaves = st.one_of(st.none(), st.booleans(), st.integers(0, SAFE_INTEGER), TEXT)
            return st.recursive(
                leaves, lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)), max_leaves=8
            )
        case _:
            raise AssertionError(f"no values for {kind}")
