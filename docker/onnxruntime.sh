#!/bin/sh
# Puts ONNX Runtime where the programs look for it and prints the library's path on stdout.
#
# The library comes out of the Python wheel, whose hash onnxruntime.txt pins, and lands in
#   ${XDG_CACHE_HOME:-$HOME/.cache}/atbilde/onnxruntime-VERSION-ARCH/libonnxruntime.so.VERSION
# (the same rule as in the embedder). ORT_DYLIB_PATH, where the operator set it, wins.
# It may be killed at any moment and may run twice at once: the library appears by a rename,
# complete and checked, and is checked again on every later call.
set -eu

version=1.31.1

say() { printf 'onnxruntime.sh: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

if [ -n "${ORT_DYLIB_PATH:-}" ]; then
    [ -f "$ORT_DYLIB_PATH" ] || fail "ORT_DYLIB_PATH is $ORT_DYLIB_PATH, where there is no file: correct it or unset it"
    say "using ORT_DYLIB_PATH"
    readlink -f "$ORT_DYLIB_PATH"
    exit 0
fi

case "$(uname -s) $(uname -m)" in
'Linux x86_64')
    arch=x86_64
    sha256=fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3
    ;;
'Linux aarch64' | 'Linux arm64')
    arch=aarch64
    sha256=8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467
    ;;
*) fail "no pinned ONNX Runtime for $(uname -s) on $(uname -m): set ORT_DYLIB_PATH to a libonnxruntime of version $version" ;;
esac

# An XDG path that is not absolute is to be ignored, says its specification.
case ${XDG_CACHE_HOME:-} in
/*) cache=$XDG_CACHE_HOME/atbilde ;;
*) cache=${HOME:?set HOME, XDG_CACHE_HOME or ORT_DYLIB_PATH}/.cache/atbilde ;;
esac
folder=$cache/onnxruntime-$version-$arch
library=$folder/libonnxruntime.so.$version

# intact FILE: is it there, with the pinned contents?
intact() { [ -f "$1" ] && printf '%s  %s\n' "$sha256" "$1" | sha256sum -c >/dev/null 2>&1; }

if intact "$library"; then
    printf '%s\n' "$library"
    exit 0
fi

python3 -m pip --version >/dev/null 2>&1 || fail 'python3 with pip is missing: run docker/install.sh build'
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
# What a killed run left behind; a running one is younger than this.
find "$cache" -maxdepth 1 -name '.fetch-*' -mmin +60 -exec rm -rf {} +
work=$(mktemp -d "$cache/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say "fetching ONNX Runtime $version for $arch (about 24 MB)"
# The tags name one wheel exactly, so that any Python may run pip.
TMPDIR=$work python3 -m pip download --quiet --disable-pip-version-check --no-input --no-cache-dir \
    --only-binary=:all: --no-deps --require-hashes --requirement "$here/onnxruntime.txt" \
    --implementation cp --python-version 3.11 --abi cp311 --platform "manylinux_2_28_$arch" \
    --dest "$work" >&2 ||
    fail 'pip could not fetch it, see above; or set ORT_DYLIB_PATH to a library you have'

python3 -I - "$work" "libonnxruntime.so.$version" <<'PYTHON'
import glob, os, shutil, sys, zipfile

work, library = sys.argv[1:]
[wheel] = glob.glob(os.path.join(glob.escape(work), "onnxruntime-*.whl"))
with zipfile.ZipFile(wheel) as archive:
    for member in ("LICENSE", "ThirdPartyNotices.txt", "capi/" + library):
        target = os.path.join(work, os.path.basename(member))
        with archive.open("onnxruntime/" + member) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
            os.fsync(file.fileno())
PYTHON
intact "$work/libonnxruntime.so.$version" || fail 'the library in the wheel is not the pinned one'

chmod 755 "$work/libonnxruntime.so.$version"
mv -f "$work/LICENSE" "$work/ThirdPartyNotices.txt" "$folder/"
mv -f "$work/libonnxruntime.so.$version" "$library"
say "ready in $folder"
printf '%s\n' "$library"
