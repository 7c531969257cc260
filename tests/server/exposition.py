# SPDX-License-Identifier: MIT
"""A strict reader of Prometheus' text format 0.0.4: what it does not know is wrong."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
HELP_LINE = re.compile(rf"# HELP ({NAME}) ((?:[^\\\n]|\\\\|\\n)+)")
TYPE_LINE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")
SAMPLE_LINE = re.compile(rf"({NAME})(?:\{{(.*)\}})? ({NUMBER})")
LABEL_TEXT = re.compile(rf'({LABEL})="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def labels_of(text):
    """As a set of pairs."""
    found, at = {}, 0
    while at < len(text):
        match = LABEL_TEXT.match(text, at)
        assert match and (match[3] == "" or match.end() < len(text)), text
        assert match[1] not in found, text
        found[match[1]] = re.sub(r'\\["\\n]', lambda escape: ESCAPES[escape[0]], match[2])
        at = match.end()
    return frozenset(found.items())


class Exposition:
    """{name: {labels: number}}, and the type of each family."""

    def __init__(self, text):
        assert text.endswith("\n") and "\r" not in text
        self.samples, self.types, self.helps = {}, {}, {}
        family = None
        for line in text.removesuffix("\n").split("\n"):
            if match := HELP_LINE.fullmatch(line):
                family = match[1]
                assert family not in self.helps, line
                self.helps[family] = match[2]
            elif match := TYPE_LINE.fullmatch(line):
                assert match[1] == family and family not in self.types, line  # behind its HELP, before its samples
                self.types[family] = match[2]
            else:
                match = SAMPLE_LINE.fullmatch(line)
                assert match, line
                self.add(family, match[1], labels_of(match[2] or ""), float(match[3]))
        assert self.types.keys() == self.helps.keys()
        for name, kind in self.types.items():
            assert (kind == "counter") <= name.endswith("_total"), name
            if kind == "histogram":
                self.check_histogram(name)

    def add(self, family, name, labels, number):
        ends = ("_bucket", "_sum", "_count") if self.types[family] == "histogram" else ("",)
        assert name in {family + end for end in ends}, (family, name)
        samples = self.samples.setdefault(name, {})
        assert labels not in samples, (name, labels)
        samples[labels] = number

    def check_histogram(self, name):
        series = {}
        for labels, number in self.samples[name + "_bucket"].items():
            (bound,) = [value for key, value in labels if key == "le"]
            series.setdefault(frozenset(pair for pair in labels if pair[0] != "le"), []).append((float(bound), number))
        assert series.keys() == self.samples[name + "_count"].keys() == self.samples[name + "_sum"].keys(), name
        for labels, buckets in series.items():
            assert buckets == sorted(buckets) and buckets[-1][0] == math.inf, (name, labels)
            assert [number for _, number in buckets] == sorted(number for _, number in buckets), (name, labels)
            assert buckets[-1][1] == self.samples[name + "_count"][labels], (name, labels)

    def __call__(self, name, **labels):
        """The number of the one sample."""
        return self.samples[name][frozenset(labels.items())]

    def total(self, name, **labels):
        """The sum of those that have the labels."""
        return sum(number for has, number in self.samples[name].items() if labels.items() <= set(has))
