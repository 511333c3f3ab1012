"""mutate_lines.py - which lines of C mutate.py changes, and how. Stands on the layout of clang-format.

A line is drawn at random from all that have something to change, then a kind of change, then a place:
    operator    + - * / %, their assignments, shifts, & |
    comparison  < <= > >= == != && ||, a condition to its opposite
    index       [e] to [(e) + 1] or [(e) - 1], two names in it exchanged
    constant    an integer one more or one less, a real number doubled or halved
    sign        of a value returned or assigned; a unary minus
    deleted     a statement of one line (but nothing that frees memory, no declaration, no jump)
Not changed: comments, strings, the preprocessor's lines, declarations, what is printed into an error."""
import hashlib
import os
import random
import re

OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=",
             "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
COMPARISONS = {"<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"], ">=": [">", "<="], "==": ["!="],
               "!=": ["=="], "&&": ["||"], "||": ["&&"]}
NUMBER = re.compile(r"(?<![\w.])(?:0x[0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)[uUlLfF]*(?![\w.])")
NAME = re.compile(r"(?<![\w.>])[A-Za-z_]\w*(?![\w(])")
TYPE = r"(?:const |static |extern |inline |unsigned |struct |enum )*[A-Za-z_]\w*"
DECLARATION = re.compile(rf"^{TYPE}(?: \*| \*\*| )(?:const )?\w+(?:\[[^]]*\])*(?:;|,| = )"
                         rf"|^{TYPE} \(\*")
POINTER = re.compile(r"\*\w+ = |NULL|status")  # a minus would not compile, or not matter
JUMP = re.compile(r"^(?:return|goto|break|continue|case|default|if|else|for|while|do|switch|typedef)\b|^\}")
QUOTED = "\x01"  # stands for a character of a string


def mask(text):
    """The text with comments as blanks and strings as QUOTED, character for character."""
    def blank(match):
        found = match.group()
        fill = " " if found[0] == "/" else QUOTED
        return "".join("\n" if c == "\n" else fill for c in found)
    token = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])+'"
    return hide_errors(re.sub(token, blank, text, flags=re.S))


def hide_errors(text):
    """Blanks what stands in a call of ...fail(...) or ...blame(...) from its text on."""
    out = list(text)
    for match in re.finditer(r"\w*(?:fail|blame|absent)\(", text):
        depth, at, seen = 1, match.end(), False
        while at < len(text) and depth > 0:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            seen = seen or text[at] == QUOTED
            if seen and depth > 0 and text[at] != "\n":
                out[at] = " "
            at += 1
    return "".join(out)


def code_lines(masked):
    """Numbers (from 0) of the lines inside functions and tables, or that give a constant a value."""
    found, depth, kind, head, directive = [], 0, "", "", False
    for number, line in enumerate(masked.split("\n")):
        was_directive, directive = directive, False
        if was_directive or line.lstrip().startswith("#"):
            directive = line.endswith("\\")
            continue
        if depth > 0 and kind == "code" or depth == 0 and re.search(r"=.*\d", line):
            found.append(number)
        for c in line + " ":
            if c == "{":
                if depth == 0:
                    kind = "code" if head.rstrip().endswith((")", "=")) else "type"
                depth += 1
            elif c == "}":
                depth -= 1
            if depth == 0:
                head = "" if c in ";}" else head + c
    return found


def number_changes(match):
    word = match.group()
    digits = re.match(r"0x[0-9a-fA-F]+|[\d.]+(?:[eE][+-]?\d+)?", word).group()
    tail = word[len(digits):]
    if re.fullmatch(r"0x[0-9a-fA-F]+|\d+", digits) and "f" not in tail.lower():
        value = int(digits, 0) if digits.lower().startswith("0x") else int(digits)
        return [str(value + 1) + tail] + ([str(value - 1) + tail] if value > 0 else [])
    value = float(digits)
    return [f"{new!r}{tail}" for new in ([1.0] if value == 0 else [2 * value, value / 2])]


def index_changes(line):
    """(start, end, new) for what stands in each pair of brackets."""
    found = []
    for match in re.finditer(r"\[([^\[\]]+)\]", line):
        inside, (start, end) = match.group(1), match.span(1)
        if match.start() == 0 or not (line[match.start() - 1].isalnum() or line[match.start() - 1] in "_])"):
            continue
        found += [(start, end, f"({inside}) + 1"), (start, end, f"({inside}) - 1")]
        names = list(NAME.finditer(inside))
        for a, b in zip(names, names[1:]):
            if a.group() != b.group():
                found.append((start, end, inside[:a.start()] + b.group() + inside[a.end():b.start()]
                              + a.group() + inside[b.end():]))
    return found


def closing(line, start):
    """Place of the parenthesis that closes the one at `start`, or -1."""
    depth = 0
    for at in range(start, len(line)):
        depth += {"(": 1, ")": -1}.get(line[at], 0)
        if depth == 0:
            return at
    return -1


def changes(line, whole):
    """{kind: [(start, end, new)]} of a masked line; whole: a statement may begin on it."""
    found = {}
    if DECLARATION.match(line.strip()) and "=" not in line:
        return found

    def add(kind, start, end, new):
        found.setdefault(kind, []).append((start, end, new))

    for match in re.finditer(r"(?<= )(?:[-+*/%]=?|<<|>>|&|\||[<>]=?|==|!=|&&|\|\|)(?= |$)", line):
        word = match.group()
        if word in OPERATORS:
            add("operator", *match.span(), OPERATORS[word])
        for new in COMPARISONS.get(word, []):
            add("comparison", *match.span(), new)
    for match in re.finditer(r"\b(?:if|while) \(", line):
        end = closing(line, match.end() - 1)
        if end > 0:
            add("comparison", match.end(), end, "!(" + line[match.end():end] + ")")
    for change in index_changes(line):
        add("index", *change)
    for match in NUMBER.finditer(line):
        for new in number_changes(match):
            add("constant", *match.span(), new)
    for match in re.finditer(r"(?:\breturn|(?<=[\w\])]) [-+*/]?=) ([^;{}\x01]+);", line):
        value = match.group(1)
        if value.count("(") == value.count(")") and not POINTER.search(line) and \
                not ("," in value and DECLARATION.match(line.strip())):
            add("sign", *match.span(1), f"-({value})")
    for match in re.finditer(r"(?:(?<=[(\[])|(?<=[=,?:*/+-] )|(?<=return ))-(?=[\w(])", line):
        add("sign", *match.span(), "")
    bare = line.strip()
    if whole and bare.endswith(";") and not DECLARATION.match(bare) and not JUMP.match(bare) and \
            bare.count("(") == bare.count(")") and re.match(r"[A-Za-z_*(]", bare) and \
            not re.search(r"free\w*\(|^\(void\)", bare):
        start = len(line) - len(line.lstrip())
        add("deleted", start, start + len(bare), "{}")
    return found


class Files:
    """Files with the lines of each that may be changed."""

    def __init__(self, source, names):
        self.text, self.masked, self.places = {}, {}, []
        hashed = hashlib.sha256()
        for name in names:
            with open(os.path.join(source, name), encoding="utf-8") as file:
                self.text[name] = file.read()
            hashed.update(name.encode() + self.text[name].encode())
            masked = mask(self.text[name])
            self.masked[name] = masked.split("\n")
            self.places += [(name, number) for number in code_lines(masked) if self.at(name, number)]
        self.digest = hashed.hexdigest()[:16]

    def at(self, name, number):
        lines = self.masked[name]
        before = next((line.rstrip() for line in reversed(lines[:number]) if line.strip()), ";")
        return changes(lines[number], before.endswith((";", "{", "}", ":", ")")) or before.endswith("else"))


def draw(seed, files):
    """One mutant: its row (file, line, kind, before, after) and the whole text of the file."""
    chance = random.Random(seed)
    name, number = chance.choice(files.places)
    found = files.at(name, number)
    kind = chance.choice(sorted(found))
    start, end, new = chance.choice(found[kind])
    lines = files.text[name].split("\n")
    before = lines[number]
    if QUOTED in new:  # a condition with a string in it: its own text, not the mask's
        new = "!(" + before[start:end] + ")"
    lines[number] = before[:start] + new + before[end:]
    row = {"file": name, "line": number + 1, "kind": kind, "before": before.strip().replace("\t", " "),
           "after": lines[number].strip().replace("\t", " ")}
    return row, "\n".join(lines)


def replay(text, row):
    """The text with the change of a row, its line found again near where it was; None when it is gone."""
    lines = text.split("\n")
    at = [n for n, line in enumerate(lines) if line.strip() == row["before"]]
    if not at:
        return None
    n = min(at, key=lambda n: abs(n + 1 - int(row["line"])))
    lines[n] = lines[n][:len(lines[n]) - len(lines[n].lstrip())] + row["after"]
    return "\n".join(lines)
