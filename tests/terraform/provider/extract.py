#!/usr/bin/env python3
"""Writes provider-6.json: what version 6 of the AWS provider has of the resources and data sources that terraform/ uses.

The provider's binary is not at hand where this is developed. An npm package carries its schema as generated bindings,
46 MB large: this reads the classes of what is used, and keeps which attributes and blocks there are. `--check` writes
nothing, and fails where the file is not what the package says. Needs npm.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "@cdktn/provider-aws@25.7.0"
PROVIDER = "6.66.0"
SHA512 = "E/nhu0yVZE4mXMgIPuI8tEFt1BExLkA7ARjihdG+/HmfDfzLr+OEF3dkFRvI6glRt30lrrBWQLwXqCJBxcmyUg=="
FOLDER = pathlib.Path(__file__).parent
FACTS = FOLDER / "provider-6.json"
TERRAFORM = FOLDER / "../../../terraform"

CLASS = re.compile(r"^class (\w+) extends cdktn\.(\w+)", re.M)
MEMBER = re.compile(r"^    // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)$", re.M)
BLOCK = re.compile(r"^    _\w+ = new (\w+?)(?:OutputReference|List|Map)?\(this, \"(\w+)\"", re.M)


def used():
    """The types that a configuration declares: resources, then data sources."""
    files = (path for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts)
    text = "\n".join(path.read_text() for path in files)
    return [sorted(set(re.findall(rf'^{kind} "(aws_\w+)"', text, re.M))) for kind in ("resource", "data")]


def folder(kind, name):
    return ("data-aws-" if kind == "data" else "") + name.removeprefix("aws_").replace("_", "-")


def members(classes, name):
    """What a class has: how an attribute is set, or what a block has in turn."""
    text = classes[name]
    blocks = {block: inner for inner, block in BLOCK.findall(text)}
    facts = {}
    for member, computed, optional, required in MEMBER.findall(text):
        inner = blocks.get(member)
        inner = next((each for each in (inner, f"{inner}OutputReference") if each in classes), None)
        if inner:
            facts[member] = members(classes, inner)
        elif required == "true":
            facts[member] = "required"
        else:
            facts[member] = "optional" if optional == "true" else "computed"
    return facts


def schema(javascript, base):
    """The members of the one class of a file that Terraform knows by name."""
    starts = [(found.group(1), found.group(2), found.start()) for found in CLASS.finditer(javascript)]
    ends = [start for _, _, start in starts[1:]] + [len(javascript)]
    classes = {name: javascript[start:end] for (name, _, start), end in zip(starts, ends)}
    [root] = [name for name, kind, _ in starts if kind == base]
    return members(classes, root)


def package(into):
    """Downloads the package, and sees that it is the one that this was written for."""
    packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=into, check=True, capture_output=True, text=True)
    archive = pathlib.Path(into) / packed.stdout.split()[-1]
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != SHA512:
        sys.exit(f"{PACKAGE} has the checksum {found}, not {SHA512}")
    return archive


def facts():
    resources, data = used()
    wanted = {f"package/lib/{folder(kind, name)}/index.js": (kind, name)
              for kind, names in (("resource", resources), ("data", data)) for name in names}
    found = {"resource": {}, "data": {}}
    with tempfile.TemporaryDirectory() as into, tarfile.open(package(into)) as archive:
        for entry in archive:
            if entry.name not in wanted:
                continue
            kind, name = wanted.pop(entry.name)
            base = "TerraformResource" if kind == "resource" else "TerraformDataSource"
            javascript = archive.extractfile(entry).read().decode()
            if f'tfResourceType = "{name}"' not in javascript:
                sys.exit(f"{entry.name} does not have {name}")
            found[kind][name] = schema(javascript, base)
    if wanted:
        sys.exit(f"{PACKAGE} has no {', '.join(name for _, name in wanted.values())}")
    return found


def written(found, day):
    """One line for each type, so that a change is seen where it is."""
    lines = [f'"provider": "{PROVIDER}"', f'"package": "{PACKAGE}"', f'"read_on": "{day}"']
    for kind in ("resource", "data"):
        types = ",\n".join(f"    {json.dumps(name)}: {json.dumps(found[kind][name])}" for name in sorted(found[kind]))
        lines.append(f'"{kind}": {{\n{types}\n  }}')
    return "{\n  " + ",\n  ".join(lines) + "\n}\n"


def main():
    found = facts()
    if "--check" not in sys.argv:
        FACTS.write_text(written(found, datetime.date.today()))
        return
    kept = json.loads(FACTS.read_text())
    if FACTS.read_text() != written(found, kept["read_on"]):
        sys.exit(f"{FACTS.name} is not what {PACKAGE} says of terraform/: run {pathlib.Path(__file__).name}")


main()
