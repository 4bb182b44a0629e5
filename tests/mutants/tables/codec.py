"""JSON text ↔ values."""

from mutants.mutant import Mutant

_TEXT = ("test_codec_text.py", "properties/test_codec.py")
_MODELS = ("test_codec_shapes.py", "properties/test_codec_models.py")

MUTANTS = (
    Mutant("u-2028-is-not-escaped", "codec/text.py", "in (0x85, 0x2028, 0x2029))", "in (0x85, 0x2029))", _TEXT),
    Mutant(
        "errors-in-utf-8-are-replaced",
        "codec/text.py",
        "        text = data.decode()\n",
        '        text = data.decode("utf-8", "replace")\n',
        _TEXT,
    ),
    Mutant(
        "infinity-is-a-number",
        "codec/text.py",
        '    if not isfinite(number):\n        raise CodecError("a number is too large for a double")\n',
        "",
        _TEXT,
    ),
    Mutant(
        "nan-is-written", "codec/text.py", "        if not isfinite(value):\n", "        if value is None:\n", _TEXT
    ),
    Mutant("anything-may-follow", "codec/text.py", "    if end != len(text) and", "    if end > len(text) and", _TEXT),
    Mutant(
        "names-may-come-twice",
        "codec/text.py",
        "    value = _parse(data)\n    if envelope:\n",
        "    value = _parse(data)\n    if not data:\n",
        _TEXT,
    ),
    Mutant(
        "msgspec-writes-lines-that-break",
        "codec/text.py",
        "        return text if text.isascii() else _escape_line_ends(text)\n",
        "        return text\n",
        _TEXT,
    ),
    Mutant("depth-is-one-deeper", "codec/scan.py", "MAX_DEPTH: Final = 64", "MAX_DEPTH: Final = 65", _TEXT),
    Mutant(
        "a-member-that-is-required-may-be-missing",
        "codec/reader.py",
        "'    raise Refusal(\"is required\")', *check)",
        "'    pass', *check)",
        _MODELS,
    ),
    Mutant(
        "a-refusal-forgets-where",
        "codec/reader.py",
        '"refusal.path = at + refusal.path"',
        '"refusal.path = at"',
        _MODELS,
    ),
    Mutant(
        "each-of-thousands-of-names-is-looked-for",
        "codec/scan.py",
        "    if len(names) > _FEW:",
        "    if len(names) > MAX_VALUES:",
        _TEXT,
    ),
    Mutant(
        "a-single-item-has-no-number-in-a-refusal",
        "codec/reader.py",
        "{member.path + '[0]'!r}",
        "{member.path!r}",
        _MODELS,
    ),
)
