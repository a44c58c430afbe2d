"""Makes templates that parse in all engines, from a seed."""

import random

import methods

# The variables of every template, as JSON.
VARIABLES = {
    "i": 7, "j": -3, "z": 0, "x": 2.5, "s": "foobar", "t": "", "n": "12",
    "yes": True, "no": False, "none": None,
    "l": [1, 2, 3], "e": [], "w": ["a", "b c", "d"],
    "m": {"k1": "v1", "k2": 5}, "o": {"list": [1, {"a": "b"}], "map": {"c": "d"}},
}

TEXTS = [
    "Hello ", " world\n", "{\"a\": \"", "\", ", "\n", "  ", "<b>#13ff93</b>", "$ 5", "100%", "é😀", "(x)",
    "a.b", "x = y; ", "[", "]", "it's ", "\t", "\r\n", "# alone ",
]

# Marks that begin nothing. Where `!`, `{` or `-` follow, airspeed has rules of its own.
MARKS = ["$ ", "$5 ", "$. ", "$(x) ", "# ", "#5 ", "#(x) ", "$$ ", "#$ ", "\"$\" ", "'#' ", "$% "]
VELOCITY_MARKS = ["$! ", "$!5 ", "${ ", "$!{ ", "${} ", "$- ", "$!! ", "$!) ", "#! ", "#[ ", "#{ ", "#{} ", "$[ ", "$} "]

REFERENCES = [
    "$i", "$!i", "${i}", "$!{i}", "$j", "$z", "$x", "$s", "$t", "$n", "$yes", "$no", "$none", "$undefined",
    "${undefined}", "$!undefined", "$m.k1", "${m.k2}", "$m.k3", "$o.map.c", "$m['k1']", "$o.list.size()",
    "$l.size()", "$l.get(0)", "$l[1]", "$w[2]", "$l[9]", "$e.isEmpty()", "$l.isEmpty()", "$l.contains(2)",
    "$l.contains(9)", "$w.contains('a')", "$s.length()", "$s.contains('oo')", "$s.startsWith('foo')",
    "$s.startsWith('x')", "$s.indexOf('b')", "$s.substring(2, 4)", "$s.substring(3)",
    "$s.replaceAll('o', '0')", "$s.replaceAll('[a-f]+', '<>')", "$s.matches('[a-z]*')", "$s.matches('o+')",
    "$n.matches('[0-9]{2}')", "$m.get('k1')", "$m.get('k9')", "$undefined.x.y", "$m.put('k1', 'new')",
    "$m", "$o", "$l", "$w", "$e", "$o.map", "$m.toString()",
]

NUMBERS = ["$i", "$j", "$z", "$x", "1", "0", "-2", "7", "2.5", ".5", "$l.size()", "$s.length()", "$m.k2"]
STRINGS = ["$s", "$t", "$n", "'lit'", "\"dq\"", "\"<$s>\"", "\"a\"\"b\"", "''", "$m.k1", "\"$i-${j}\""]
BOOLEANS = ["$yes", "$no", "true", "false", "$e.isEmpty()", "$l.contains(1)"]
LISTS = ["$l", "$w", "$e", "[1..4]", "[3..-1]", "['p', $i, \"$s\"]", "[]", "[[1,2],[3]]", "$m.keySet()"]
MAPS = ["$m", "$o", "{}", "{'p': 1, \"q\": $s}"]
NOTHING = ["$undefined", "$none", "$m.k9"]
COMPARISONS = ["<", ">", "<=", ">=", "==", "!=", "lt", "gt", "le", "ge", "eq", "ne"]


class Generator:
    """With `java`, templates also call what airspeed does not have, and change the message."""

    def __init__(self, seed, java=False):
        self.random = random.Random(seed)
        calls = methods.CALLS + (methods.JAVA_CALLS if java else [])
        self.references = REFERENCES + calls
        self.aliases = methods.ALIASES + (methods.MESSAGE_ALIASES if java else [])
        self.marks = MARKS + (VELOCITY_MARKS if java else [])
        self.strings = STRINGS + methods.STRINGS + (methods.JAVA_STRINGS if java else [])
        self.after_reference = "; " if java else " "
        self.stop = "#{stop}; " if java else "#stop "
        # Velocity takes no literal for true (airspeed does), and its set of keys follows the map that it came from.
        self.conditions = BOOLEANS + NOTHING + ["$i", "$z", "$s", "$t", "$l", "$e"]
        self.conditions += self.strings + ["0", "{}", "[1..4]"] if java else []
        self.lists = [name for name in LISTS if name != "$m.keySet()"] + methods.JAVA_LISTS if java else LISTS

    def pick(self, choices):
        return self.random.choice(choices)

    def number(self, depth=0):
        if depth > 1 or self.random.random() < 0.5:
            return self.pick(NUMBERS)
        operator = self.pick(["+", "-", "*", "/", "%"])
        left, right = self.number(depth + 1), self.number(depth + 1)
        inner = f"{left} {operator} {right}"
        return f"({inner})" if self.random.random() < 0.4 else inner

    def condition(self, depth=0):
        kind = self.random.random()
        if depth > 1 or kind < 0.2:
            return self.pick(self.conditions)
        if kind < 0.55:
            return f"{self.number(1)} {self.pick(COMPARISONS)} {self.number(1)}"
        if kind < 0.65:
            equality = self.pick(["==", "!="])
            operands = self.strings + NOTHING + BOOLEANS + ["$i", "1", "$null"]
            return f"{self.pick(operands)} {equality} {self.pick(operands)}"
        if kind < 0.75:
            return f"{self.pick(['!', '!', 'not '])}{self.pick(BOOLEANS + NOTHING + ['$i', '$s', '$t'])}"
        logic = self.pick(["&&", "||", "and", "or"])
        return f"({self.condition(depth + 1)}) {logic} ({self.condition(depth + 1)})"

    def expression(self):
        kind = self.random.random()
        if kind < 0.3:
            return self.number()
        if kind < 0.5:
            return self.pick(self.strings)
        if kind < 0.6:
            return self.pick(self.lists)
        if kind < 0.7:
            return self.pick(MAPS)
        if kind < 0.8:
            return f"{self.pick(self.strings + NOTHING)} + {self.pick(self.strings + ['$i', '$x', '1'])}"
        if kind < 0.9:
            return self.condition()
        return self.pick(self.references)

    def end_of_line(self):
        return self.pick(["", "", "\n", " \n", " ", "\r\n"])

    def statement(self, depth):
        kind = self.random.random()
        end = self.end_of_line()
        if kind < 0.16:
            return self.pick(TEXTS)
        if kind < 0.2:
            return self.pick(self.marks) + "x "
        if kind < 0.27:
            return self.pick(self.aliases) + self.after_reference
        if kind < 0.5:
            # So that what follows is no part of the reference, and in Velocity's lexer no index (see the README).
            return self.pick(self.references + ["$v", "$foreach.index"]) + self.after_reference
        if kind < 0.65 or depth > 2:
            target = self.pick(["$v", "$v", "$i", "$s", "$m.k1", "$m['new']"])
            return f"#set({target} = {self.expression()}){end}"
        if kind < 0.68:
            return self.pick(["## comment $i\n", "#* comment\n #if *#", "##\n"])
        if kind < 0.83:
            text = f"#if({self.condition()}){end}{self.block(depth + 1)}"
            for _ in range(self.random.randrange(2)):
                text += f"#elseif({self.condition()}){end}{self.block(depth + 1)}"
            if self.random.random() < 0.5:
                text += self.pick(["#else ", "#{else}", "#else\n", "#else \n"]) + self.block(depth + 1)
            return text + self.pick(["#end ", "#end\n", "#{end}", "#end  \n"])
        if kind < 0.97:
            return f"#foreach($it in {self.pick(self.lists + MAPS + NOTHING)}){end}{self.loop(depth + 1)}#{{end}}"
        return self.stop if self.random.random() < 0.3 else "$it" + self.after_reference

    def loop(self, depth):
        state = ["$it,", "$foreach.count,", "$foreach.index,", "$velocityCount,", "#if($foreach.hasNext);#{end}",
                 "#if($foreach.first)F#{end}", "#if($foreach.last)L#{end}", "#if($velocityHasNext)+#{end}"]
        return "".join(self.pick(state) for _ in range(self.random.randrange(1, 4))) + self.block(depth)

    def block(self, depth):
        return "".join(self.statement(depth) for _ in range(self.random.randrange(4)))

    def template(self):
        text = "#set($v = 'start')"
        if self.random.random() < 0.1:
            text += "#define($d)<$s $i>#{end}"
            shown = "$d" + self.after_reference
            return text + self.block(0) + shown + self.block(0) + shown
        return text + "".join(self.statement(0) for _ in range(self.random.randrange(1, 7)))
