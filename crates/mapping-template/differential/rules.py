"""The explained differences: patches that make airspeed follow API Gateway's and Java's rules.

Each rule is (name, source, patch); `patch` is a context manager that changes airspeed while it
lasts. AIR is the set of recordings of API Gateway that airspeed's own tests are checked against.
"""

import math
import operator
import re
from contextlib import contextmanager

from airspeed import operators as air


@contextmanager
def replaced(owner, **changes):
    before = {name: owner.__dict__[name] for name in changes}
    for name, change in changes.items():
        setattr(owner, name, change)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


@contextmanager
def items(owner, **changes):
    before = dict(owner)
    owner.update(changes)
    try:
        yield
    finally:
        owner.clear()
        owner.update(before)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def java_float(value):
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, exponent = f"{value!r}".lower().split("e") if "e" in repr(value) else (None, None)
    if digits is None:
        exponent = math.floor(math.log10(abs(value)))
        digits = repr(round(value / 10**exponent, 15))
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def java_text(value, inside=False):
    if value is None:
        return "null" if inside else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_float(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={java_text(v, True)}" for k, v in value.items()) + "}"
    if isinstance(value, JsonList):
        return json_text(value)
    if isinstance(value, (list, range, type({}.keys()))):
        return "[" + ", ".join(java_text(v, True) for v in value) + "]"
    return str(value)


def json_text(value):
    import json

    if isinstance(value, list):
        return "[" + ",".join(json_text(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{json_text(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


class JsonList(list):
    """An array that came from JSON: it prints as JSON."""


air.__additional_methods__[JsonList] = air.__additional_methods__[list]


@contextmanager
def text():
    with replaced(air, value_to_string=java_text), items(air.__additional_methods__[dict], toString=java_text):
        yield


def is_true(value):
    return value is not False


@contextmanager
def truth():
    logic = {
        "||": lambda a, b: is_true(a) or is_true(b),
        "or": lambda a, b: is_true(a) or is_true(b),
        "&&": lambda a, b: is_true(a) and is_true(b),
        "and": lambda a, b: is_true(a) and is_true(b),
    }
    condition = lambda self, namespace, loader: is_true(self.expression.calculate(namespace, loader))
    negated = lambda self, namespace, loader: not is_true(self.value.calculate(namespace, loader))
    with (
        items(air.BinaryOperator.OPERATORS, **logic),
        replaced(air.Condition, calculate=condition),
        replaced(air.UnaryOperatorValue, calculate=negated),
    ):
        yield


def equal(left, right):
    if left is right:
        return True
    if is_number(left) and is_number(right):
        return left == right
    return java_text(left) == java_text(right)


@contextmanager
def equality():
    different = lambda left, right: not equal(left, right)
    with items(air.BinaryOperator.OPERATORS, **{"==": equal, "eq": equal, "!=": different, "ne": different}):
        yield


class Failed:
    """The result of a failed calculation: null in Java, which differs from an undefined reference."""

    def __str__(self):
        return ""


FAILED = Failed()


def divide(left, right):
    if right == 0:
        return FAILED
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def remainder(left, right):
    if right == 0:
        return FAILED
    if isinstance(left, int) and isinstance(right, int):
        return left - right * divide(left, right)
    return math.fmod(left, right)


@contextmanager
def reckoning():
    def numeric(operation, otherwise):
        return lambda a, b: operation(a, b) if is_number(a) and is_number(b) else otherwise

    def add(left, right):
        if is_number(left) and is_number(right):
            return left + right
        if FAILED not in (left, right) and any(value is None or isinstance(value, str) for value in (left, right)):
            return java_text(left) + java_text(right)
        return FAILED

    changes = {
        "+": add,
        "-": numeric(operator.sub, FAILED),
        "*": numeric(operator.mul, FAILED),
        "/": numeric(divide, FAILED),
        "%": numeric(remainder, FAILED),
    }
    for names, operation in {
        ("<", "lt"): operator.lt, (">", "gt"): operator.gt, ("<=", "le"): operator.le, (">=", "ge"): operator.ge,
    }.items():
        for name in names:
            changes[name] = numeric(operation, False)
    with items(air.BinaryOperator.OPERATORS, **changes):
        yield


@contextmanager
def precedence():
    with items(air.BinaryOperator.PRECEDENCE, **{"!=": 8, "ne": 8}):
        # "Strictly greater" evaluates operators of one precedence from left to right, as Java does.
        yield


@contextmanager
def lines():
    def else_block(self):
        self.identity_match(self.START)
        self.optional_match(air.WHITESPACE_TO_END_OF_LINE)
        self.block = self.require_next_element(air.Block, "block")
        self.evaluate = self.block.evaluate

    foreach_close = re.compile(r"[ \t]*\)(?:[ \t]*\r?\n)?(.*)$", re.S)
    comment = re.compile("#(?:#.*?(?:\n|$)|\\*.*?\\*#)(.*)$", re.M + re.S)
    with (
        replaced(air.ElseBlock, parse=else_block),
        replaced(air.ForeachDirective, CLOSE_PAREN=foreach_close),
        replaced(air.Comment, COMMENT=comment),
    ):
        yield


@contextmanager
def blanks_before_set():
    """`#set` removes the blanks before it if they begin a run of text."""
    original = air.Block.parse

    def parse(self):
        original(self)
        fresh = True
        for child, after in zip(self.children, self.children[1:] + [None]):
            blank = isinstance(child, air.Text) and not child.text.strip(" \t")
            if fresh and blank and isinstance(after, air.SetDirective):
                child.text = ""
            fresh = not isinstance(child, (air.Text, air.FallthroughHashText))

    with replaced(air.Block, parse=parse):
        yield


@contextmanager
def map_values():
    original = air.ForeachDirective.evaluate_raw

    class Values:
        def __init__(self, directive):
            self.directive = directive

        def calculate(self, namespace, loader):
            value = self.directive.calculate(namespace, loader)
            return list(value.values()) if isinstance(value, dict) else value

    def evaluate_raw(self, stream, namespace, loader):
        inner = self.value
        self.value = Values(inner)
        try:
            return original(self, stream, namespace, loader)
        finally:
            self.value = inner

    with replaced(air.ForeachDirective, evaluate_raw=evaluate_raw):
        yield


@contextmanager
def bounds():
    original = air.NameOrCall.calculate

    def calculate(self, current_object, loader, top_namespace):
        if self.index is not None and self.parameters is None:
            index, self.index = self.index, None
            try:
                value = original(self, current_object, loader, top_namespace)
            finally:
                self.index = index
            return at(value, index.calculate(top_namespace, loader))
        return original(self, current_object, loader, top_namespace)

    def at(value, index):
        if isinstance(value, dict):
            return value.get(index)
        if isinstance(value, (list, range)) and isinstance(index, int):
            return value[index]  # fails beyond the end, as Java does
        return None

    with replaced(air.NameOrCall, calculate=calculate):
        yield


def substring(text, start, end=None):
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise IndexError("outside of the string")
    return text[start:end]


def index_of(values, wanted):
    return next((index for index, value in enumerate(values) if equal(value, wanted)), -1)


@contextmanager
def java_methods():
    calculate = air.Range.calculate
    with (
        items(air.__additional_methods__[str], indexOf=lambda text, part: text.find(part), substring=substring),
        items(air.__additional_methods__[list], indexOf=index_of),
        replaced(air.Range, calculate=lambda self, namespace, loader: list(calculate(self, namespace, loader))),
    ):
        yield


@contextmanager
def stop():
    def evaluate_raw(self, stream, namespace, loader):
        for child in self.children:
            if stream.stop:
                return
            child.evaluate(stream, namespace, loader)

    with replaced(air.Block, evaluate_raw=evaluate_raw):
        yield


@contextmanager
def copied_keys():
    with items(air.__additional_methods__[dict], keySet=lambda map: list(map.keys())):
        yield


@contextmanager
def set_value():
    original = air.Assignment.evaluate_raw

    class Known:
        def __init__(self, value):
            self.value = value

        def calculate(self, namespace, loader):
            return self.value

    def evaluate_raw(self, stream, namespace, loader):
        expression = self.value
        value = expression.calculate(namespace, loader)
        if value is FAILED or (value is None and len(expression.expression) > 1):
            return None
        self.value = Known("" if value is None else value)
        try:
            return original(self, stream, namespace, loader)
        finally:
            self.value = expression

    with replaced(air.Assignment, evaluate_raw=evaluate_raw):
        yield


RULES = [
    ("truth: only false is false", "AIR: test_if_statement_considers_None_to_be_truthy; Velocity 1.x", truth),
    ("text: Java's for maps and lists, JSON for arrays from JSON", "AIR: test_dict_to_string, test_array_assign_item_via_brackets", text),
    ("equality: undefined is empty, other types by text", "AIR; Velocity 1.6", equality),
    ("reckoning: Java's division and remainder, no exception across types", "Java; Velocity 1.x", reckoning),
    ("#set: undefined is an empty string, and a failed calculation changes nothing", "AIR: test_dict_assign_var_not_found; Velocity 1.7", set_value),
    ("precedence: == and != alike", "Velocity's grammar", precedence),
    ("lines: #else and #foreach take their line end, #* *# none", "AIR: test_multi_line_comments_skipped; Velocity's grammar", lines),
    ("blanks before #set", "AIR: the preamble of every recording; Velocity's grammar", blanks_before_set),
    ("#foreach over a map gives its values", "Velocity 1.x", map_values),
    ("methods: indexOf without a match is -1, also of lists; substring keeps to its bounds", "Java", java_methods),
    ("#stop: nothing after it is evaluated, not even for its errors", "Velocity 1.x", stop),
    ("a loop goes over a copy of the keys", "our decision: Java fails if the map grows meanwhile", copied_keys),
    ("an index beyond a list is an error", "AIR: TestInvalidCases", bounds),
]
