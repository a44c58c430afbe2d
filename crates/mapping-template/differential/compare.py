"""Runs generated templates through this engine and another, and explains every difference."""

import argparse
import base64
import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from generate import VARIABLES, Generator

VELOCITY_JARS = ["velocity.jar", "commons-lang.jar", "commons-collections3.jar"]


def ours(program, templates):
    body = json.dumps(VARIABLES)
    lines = "".join(json.dumps({"template": template, "body": body}) + "\n" for template in templates)
    run = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


# Texts of errors where this engine fails and others continue, each with its reason.
REFUSED = {
    "is not supported": "a method that the value does not have fails by name; others render nothing",
    " expected ": "an argument of another type fails by name; others find no method and render nothing",
    "does not fit 64 bits": "integers end at 64 bits; Java goes on with larger ones",
    "cannot change": "keys, values, entries, sublists and parts cannot be changed here",
    "exceeds the limit": "a limit of this engine",
}


def refused(result):
    return [reason for text, reason in REFUSED.items() if text in result.get("error", "")][:1] or None


def itself(result):
    """Airspeed fails on a map that contains itself, which Java prints."""
    return ["a map that holds itself"] if "(this Map)" in result.get("text", "") else None


# Airspeed


def json_values(value):
    """A value loaded from JSON: a new one for each run, with arrays that print as JSON."""
    if isinstance(value, dict):
        return {key: json_values(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return JsonList(json_values(inner) for inner in value)
    return value


# Each engine gets the variables by #set: airspeed would otherwise not apply an assignment in a loop
# to the variable outside of it.
SETS = "".join(f"#set(${name} = $all.{name})" for name in VARIABLES)


def theirs(template):
    try:
        return airspeed.Template(SETS + template).merge({"all": json_values(VARIABLES)})
    except Exception:  # whatever it is, the template fails
        return None


def explain(template, expected):
    """The rules that make airspeed agree: one if one is enough, otherwise all that are needed."""
    for rule in RULES:
        with rule[2]():
            if theirs(template) == expected:
                return [rule[0]]
    with ExitStack() as stack:
        for rule in RULES:
            stack.enter_context(rule[2]())
        return ["several rules together"] if theirs(template) == expected else None


def against_airspeed(arguments):
    global airspeed, RULES, JsonList
    import airspeed
    from rules import RULES, JsonList

    generator = Generator(arguments.seed)
    templates = [generator.template() for _ in range(arguments.count)]
    head = f"#set($all = $util.parseJson($input.body)){SETS}"
    results = ours(arguments.program, [head + template for template in templates])
    for template, result in zip(templates, results, strict=True):
        expected = result.get("text")
        if theirs(template) == expected:
            yield ["the same" if expected is not None else "both refuse"]
            continue
        rules = refused(result) or itself(result) or explain(template, expected)
        if rules is None:
            with ExitStack() as stack:
                for rule in RULES:
                    stack.enter_context(rule[2]())
                report(template, result, theirs(template))
        yield rules


# Apache Velocity

# Errors of Velocity where this engine continues.
FAILED = {
    "ConcurrentModificationException": "keys and entries are copies, so that a loop over them may change the map; Java fails",
    "StackOverflowError": "a list or map that holds itself and is not written",
}


def velocity(jars, templates):
    body = json.dumps(VARIABLES, ensure_ascii=False)
    encoded = lambda text: base64.b64encode(text.encode()).decode()
    lines = "".join(f"{encoded(template)} {encoded(body)}\n" for template in templates)
    path = ":".join(str(jars / jar) for jar in VELOCITY_JARS)
    source = Path(__file__).with_name("Velocity.java")
    run = subprocess.run(["java", "-cp", path, source], input=lines, capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        text = base64.b64decode(line.removeprefix("!")).decode()
        yield {"error": text} if line.startswith("!") else {"text": text}


def arrays_alike(result, other):
    pattern = r"\[.*\]".join(re.escape(part) for part in re.split(r'"?\[Ljava\.lang\.String;@[0-9a-f]+"?', other))
    return "[Ljava" in other and re.fullmatch(pattern, result, re.S) is not None


def against_velocity(arguments):
    generator = Generator(arguments.seed, java=True)
    head = f"#set($all = $input.path('$')){SETS}"
    templates = [head + generator.template() for _ in range(arguments.count)]
    results = ours(arguments.program, templates)
    for template, result, other in zip(templates, results, velocity(arguments.jars, templates), strict=True):
        if "text" in result and result == other:
            yield ["the same"]
        elif "error" in result and "error" in other:
            yield ["both refuse"]
        elif refused(result):
            yield refused(result)
        elif "error" in other and any(text in other["error"] for text in FAILED):
            yield [next(reason for text, reason in FAILED.items() if text in other["error"])]
        elif "text" in result and "text" in other and arrays_alike(result["text"], other["text"]):
            yield ["an array prints as a list; Java prints its type and its address"]
        else:
            report(template[len(head):], result, other)
            yield None


REPORTED_MAX = 8
reported = []


def report(template, result, other):
    reported.append(template)
    if len(reported) <= REPORTED_MAX:
        print(f"unexplained: {template!r}\n  ours:   {result!r}\n  theirs: {other!r}\n", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the built example render_lines")
    parser.add_argument("--engine", choices=["airspeed", "velocity"], default="airspeed")
    parser.add_argument("--jars", type=Path, default="/usr/share/java", help="the folder with Velocity 1.7 and its libraries")
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    against = against_airspeed if arguments.engine == "airspeed" else against_velocity
    counts = Counter()
    unexplained = 0
    for rules in against(arguments):
        unexplained += rules is None
        counts.update(rules or [])
    for name, count in counts.most_common():
        print(f"{count:6} {name}")
    if arguments.engine == "airspeed":
        for name, source, _ in RULES:
            print(f"       {name}: {source}")
    print(f"{arguments.count} templates against {arguments.engine}, {unexplained} unexplained")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
