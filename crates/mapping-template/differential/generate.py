"""Makes templates that parse in both engines, from a seed."""

import random

# The variables of every template, as JSON, and what can be asked of each.
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
    def __init__(self, seed):
        self.random = random.Random(seed)

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
            return self.pick(BOOLEANS + NOTHING + STRINGS + LISTS + ["$i", "$z", "0"])
        if kind < 0.55:
            return f"{self.number(1)} {self.pick(COMPARISONS)} {self.number(1)}"
        if kind < 0.65:
            equality = self.pick(["==", "!="])
            operands = STRINGS + NOTHING + BOOLEANS + ["$i", "1", "$null"]
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
            return self.pick(STRINGS)
        if kind < 0.6:
            return self.pick(LISTS)
        if kind < 0.7:
            return self.pick(MAPS)
        if kind < 0.8:
            return f"{self.pick(STRINGS + NOTHING)} + {self.pick(STRINGS + ['$i', '$x', '1'])}"
        if kind < 0.9:
            return self.condition()
        return self.pick(REFERENCES)

    def end_of_line(self):
        return self.pick(["", "", "\n", " \n", " ", "\r\n"])

    def statement(self, depth):
        kind = self.random.random()
        end = self.end_of_line()
        if kind < 0.25:
            return self.pick(TEXTS)
        if kind < 0.5:
            # A blank after it, so that what follows is no part of the reference.
            return self.pick(REFERENCES + ["$v", "$foreach.index"]) + " "
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
            return f"#foreach($it in {self.pick(LISTS + MAPS + NOTHING)}){end}{self.loop(depth + 1)}#{{end}}"
        return "#stop " if self.random.random() < 0.3 else "$it "

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
            return text + self.block(0) + "$d " + self.block(0) + "$d "
        return text + "".join(self.statement(0) for _ in range(self.random.randrange(1, 7)))
