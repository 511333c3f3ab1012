#!/usr/bin/env bash
# set_version.sh - a new version, in all places that hold it; docs/releasing.md says when.
#
#   cmake/set_version.sh X.Y.Z     exit status 2 when that is no version, or CHANGELOG.md has it already
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:-}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || {
  echo "set_version: \"$version\" is no version X.Y.Z" >&2
  exit 2
}
! grep -q "^## $version\b" CHANGELOG.md || {
  echo "set_version: CHANGELOG.md has a section $version already" >&2
  exit 2
}
sed -i "s/^project(pdlt VERSION [0-9.]*/project(pdlt VERSION $version/" CMakeLists.txt
sed -i "s/^__version__ = \"[0-9.]*\"/__version__ = \"$version\"/" python/pdlt/_library.py
sed -i "s/^version: .*/version: $version/" CITATION.cff
sed -i "s/^## Unreleased$/## Unreleased\n\n## $version - $(date -u +%F)/" CHANGELOG.md
