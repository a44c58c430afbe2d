"""Runs generated templates through both engines and explains every difference."""

import argparse
import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

import airspeed

from generate import VARIABLES, Generator
from rules import RULES, JsonList


def json_values(value):
    """A value as it comes from JSON: fresh for each run, with arrays that print as JSON."""
    if isinstance(value, dict):
        return {key: json_values(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return JsonList(json_values(inner) for inner in value)
    return value


# Each engine gets the variables by #set: airspeed would otherwise keep an assignment inside of a
# loop from what is outside.
SETS = "".join(f"#set(${name} = $all.{name})" for name in VARIABLES)


def theirs(template):
    try:
        return airspeed.Template(SETS + template).merge({"all": json_values(VARIABLES)})
    except Exception:  # whatever it is, the template fails
        return None


def ours(program, templates):
    head = f"#set($all = $util.parseJson($input.body)){SETS}"
    body = json.dumps(VARIABLES)
    lines = "".join(json.dumps({"template": head + template, "body": body}) + "\n" for template in templates)
    run = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line).get("text") for line in run.stdout.splitlines()]


def explain(template, expected):
    """The rules that make airspeed agree: one if one is enough, otherwise those all needed."""
    for rule in RULES:
        with rule[2]():
            if theirs(template) == expected:
                return [rule[0]]
    with ExitStack() as stack:
        for rule in RULES:
            stack.enter_context(rule[2]())
        return ["several rules together"] if theirs(template) == expected else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the built example render_lines")
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    generator = Generator(arguments.seed)
    templates = [generator.template() for _ in range(arguments.count)]
    results = ours(arguments.program, templates)
    counts = Counter()
    unexplained = 0
    for template, expected in zip(templates, results, strict=True):
        if theirs(template) == expected:
            counts["the same" if expected is not None else "both refuse"] += 1
            continue
        rules = explain(template, expected)
        if rules is None:
            unexplained += 1
            if unexplained <= 5:
                with ExitStack() as stack:
                    for rule in RULES:
                        stack.enter_context(rule[2]())
                    print(f"unexplained: {template!r}\n  ours:   {expected!r}\n  theirs: {theirs(template)!r}\n", file=sys.stderr)
            continue
        counts.update(rules)
    for name, count in counts.most_common():
        print(f"{count:6} {name}")
    for name, source, _ in RULES:
        print(f"       {name}: {source}")
    print(f"{arguments.count} templates, {unexplained} unexplained")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
