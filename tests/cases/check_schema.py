#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The JSON Schemas and the binder agree about every good and bad file: check_schema.py POLICY_TOOL SOURCE_ROOT

Files in not-in-schema.txt are bad in ways that JSON Schema cannot say; for them the binder alone is asked."""
import glob
import json
import os
import re
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError:
    print("python3-jsonschema or python3-yaml is not there")
    sys.exit(77)


class Plain(str):
    """A scalar without quotes: text, and also a number or boolean where the schema asks for one."""


def number_of(value):
    if isinstance(value, Plain) and re.fullmatch(r"-?(0|[1-9][0-9]*)", value):
        return int(value)
    return None


class Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}


def scalar(_loader, node):
    if node.style is None:
        return Plain(node.value) if node.value else None
    return node.value


def mapping(loader, node):
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


Loader.add_constructor("tag:yaml.org,2002:str", scalar)
Loader.add_constructor("tag:yaml.org,2002:map", mapping)

TYPES = (jsonschema.Draft7Validator.TYPE_CHECKER
         .redefine("integer", lambda _checker, value: number_of(value) is not None)
         .redefine("number", lambda _checker, value: number_of(value) is not None)
         .redefine("boolean", lambda _checker, value: isinstance(value, Plain) and value in ("true", "false")))


def minimum(_validator, limit, value, _schema):
    number = number_of(value)
    if number is not None and number < limit:
        yield jsonschema.ValidationError(f"{value} is too small")


def maximum(_validator, limit, value, _schema):
    number = number_of(value)
    if number is not None and number > limit:
        yield jsonschema.ValidationError(f"{value} is too large")


def const(_validator, wanted, value, _schema):
    if (number_of(value) if isinstance(wanted, int) else value) != wanted:
        yield jsonschema.ValidationError(f"{value} is not {wanted}")


Validator = jsonschema.validators.extend(
    jsonschema.Draft7Validator, {"minimum": minimum, "maximum": maximum, "const": const}, type_checker=TYPES)


def schema_of(tool, *arguments):
    text = subprocess.run([tool, "policy", "schema", *arguments], check=True, capture_output=True).stdout
    schema = json.loads(text)
    jsonschema.Draft7Validator.check_schema(schema)
    return Validator(schema)


def schema_takes(validator, path):
    with open(path, encoding="utf-8") as file:
        return validator.is_valid(yaml.load(file, Loader))


def binder_takes(tool, path):
    status = subprocess.run([tool, "policy", "check", path], capture_output=True).returncode
    if status not in (0, 1):
        raise SystemExit(f"{path}: policy check ended with {status}")
    return status == 0


def main():
    tool, root = sys.argv[1:3]
    policies, tests = schema_of(tool), schema_of(tool, "--test")
    with open(f"{root}/tests/cases/not-in-schema.txt", encoding="ascii") as file:
        beyond = set(file.read().split("\n")[1:])
    good = glob.glob(f"{root}/doc/examples/policy/**/*.yaml", recursive=True) + \
        glob.glob(f"{root}/tests/cases/policy_good/*.yaml")
    bad = glob.glob(f"{root}/tests/cases/policy/*.yaml") + glob.glob(f"{root}/tests/cases/policy_test/*.yaml")
    wrong, compared = [], 0
    for path in sorted(good + bad):
        name = os.path.basename(path)[:-len(".yaml")]
        is_alone = path in bad or "policy_good" in path or "/more/" in path or name in ("shop-prod", "shop_test")
        if is_alone and binder_takes(tool, path) != (path in good):
            wrong.append(f"{path}: the binder says {path not in good}")
        if name in beyond:
            beyond.discard(name)
            continue
        compared += 1
        if schema_takes(tests if name.endswith("_test") else policies, path) != (path in good):
            wrong.append(f"{path}: the schema says {path not in good}")
    wrong += [f"{name}: no such file" for name in sorted(beyond) if name]
    print("\n".join(wrong))
    print(f"{compared} files compared, {len(wrong)} differ")
    return 1 if wrong or compared < 100 else 0


sys.exit(main())
