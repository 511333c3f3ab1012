#!/usr/bin/env python3
"""build.py - the docs as a small site: pages by pandoc, then checks of all equations, links and anchors.

    docs/site/build.py SITE

Every *.md of the repository becomes a page at its own path in SITE; docs/questions.md is index.html too.
Files that pages link to are copied. Exit status 1, with a line for each fault: an equation that the filter
(equations.lua) cannot read, or whose MathML, read back by the code below, is not its source; a _ of an
equation that markdown takes for emphasis; a link to a file or an anchor that is not there."""

import concurrent.futures
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "docs/site"
INDEX = "docs/questions.md"

WORDS = {"∑": "sum", "∫": "int", "−": "-", "≤": "<=", "≥": ">=", "→": "->", "←": "<-", "↔": "<->", "≠": "!=",
         "′": "'", "⟨": "<", "⟩": ">"}
WORDS.update(zip("αβγδϵεζηθκλμνξπρστφχψωΓΔΘΛΣΦΨΩ",
                 "alpha beta gamma delta epsilon eps zeta eta theta kappa lambda mu nu xi pi rho sigma tau "
                 "phi chi psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega".split()))


def sources():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(listed.stdout.split())


# --- equations, read back ---

def plain(text):
    """Text without blanks, all its signs in the letters of a keyboard."""
    return "".join(WORDS.get(c, c) for c in text if not c.isspace() and c != "\u2061")


def scripts_above(node):
    """A superscript as it was written: primes, tildes and hats first stand as they are."""
    out = ""
    for child in node:
        mark = child.get("class") == "m"
        out += read_back(child) if mark else "^" + read_back(child)
    return out


def below(node):
    return read_back(node) if node.get("class") == "d" else "_" + read_back(node)


def read_back(node):
    name, children = node.tag, list(node)
    if name == "msub":
        return read_back(children[0]) + below(children[1])
    if name == "msup":
        return read_back(children[0]) + scripts_above(children[1])
    if name == "msubsup":
        parts = [below(children[1]), scripts_above(children[2])]
        if node.get("class") == "u":
            parts.reverse()
        return read_back(children[0]) + "".join(parts)
    if name == "annotation":
        return ""
    inner = plain(node.text or "") + "".join(read_back(child) for child in children)
    return {"b": "{%s}", "p": "(%s)"}.get(node.get("class"), "%s") % inner


def faults_of_equations(page, text, source):
    faults, count = [], 0
    whole = plain(source)
    for found in re.finditer(r"<math.*?</math>", text, re.S):
        math = ElementTree.fromstring(found.group())
        written = plain(math.find(".//annotation").text)
        count += 1
        if read_back(math) != written:
            faults.append(f"{page}: MathML {read_back(math)} of the equation {written}")
        if written not in whole.replace("\\_", "_"):
            faults.append(f"{page}: an equation that its source has not: {written}")
    prose = re.sub(r"<math.*?</math>|<code.*?</code>", "x", text, flags=re.S)
    for found in re.finditer(r"[\w)}\]>'⟩](?<!p>)(?<!li>)(?<!td>)<(em|strong|del)>.*", prose):
        faults.append(f"{page}: a _ or * of an equation is read as emphasis (write \\_): {found.group()}")
    return faults, count


# --- links ---

class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.targets = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if "id" in values:
            self.ids.add(values["id"])
        for key in ("href", "src"):
            if values.get(key):
                self.targets.append(values[key])


def faults_of_links(site, pages):
    read = {page: Links((site / page).read_text(encoding="utf-8")) for page in pages}
    faults, count = [], 0
    for page, links in read.items():
        for target in links.targets:
            address = urllib.parse.urlsplit(target)
            if address.scheme or address.netloc:
                continue
            count += 1
            path = urllib.parse.unquote(address.path)
            other = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not (site / other).is_file() and (ROOT / other).is_file() and not other.startswith(".."):
                (site / other).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / other, site / other)
            if other.startswith("..") or not (site / other).is_file():
                faults.append(f"{page}: a link to {target}: there is no such file")
            elif address.fragment and other in read and address.fragment not in read[other].ids:
                faults.append(f"{page}: a link to {target}: there is no such anchor")
    return faults, count


# --- pages ---

def title_of(source, page):
    found = re.search(r"^# (.*)$", source, re.M)
    return found.group(1) if found else page


def make_page(site, page, listed, index=False):
    """Faults of one page, number of its equations."""
    source = (ROOT / page).read_text(encoding="utf-8")
    out = site / ("index.html" if index else page[:-3] + ".html")
    out.parent.mkdir(parents=True, exist_ok=True)
    values = {"page": page, "pages": listed, "pagetitle": title_of(source, page),
              "base": "docs/" if index else "", "root": "" if index else "../" * page.count("/")}
    done = subprocess.run(
        ["pandoc", "-f", "gfm", "-t", "html5", "--lua-filter", HERE / "equations.lua", "--template",
         HERE / "template.html", "--wrap=preserve", "-o", out, ROOT / page]
        + [word for key, value in values.items() for word in ("-M", f"{key}={value}")],
        capture_output=True, text=True)
    if done.returncode != 0:
        return [done.stderr.split("stack traceback")[0].strip() or f"{page}: pandoc failed"], 0
    return faults_of_equations(page, out.read_text(encoding="utf-8"), source)


def build(site):
    pages = sources()
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    style = (ROOT / "compare/page/style.css").read_text() + (HERE / "site.css").read_text()
    (site / "style.css").write_text(style)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor() as threads:
        listed = pathlib.Path(folder) / "pages"
        listed.write_text("\n".join(pages) + "\n")
        jobs = [threads.submit(make_page, site, page, listed) for page in pages]
        jobs.append(threads.submit(make_page, site, INDEX, listed, True))
        results = [job.result() for job in jobs]
    faults = [fault for result in results for fault in result[0]]
    if not faults:
        made = [page[:-3] + ".html" for page in pages] + ["index.html"]
        more, links = faults_of_links(site, made)
        faults += more
        print(f"{len(made)} pages, {sum(count for _, count in results)} equations, {links} links")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: docs/site/build.py SITE")
    sys.exit(build(pathlib.Path(sys.argv[1])))
