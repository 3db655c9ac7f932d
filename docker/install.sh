#!/bin/sh
# The one list of system packages, used by the Makefile and by docker/Dockerfile.
#
#   docker/install.sh build   what compiling Atbilde needs
#   docker/install.sh test    build, and what the tests and the script checks need
#   docker/install.sh run     what the built programs need on a machine that never compiles
#
# Debian and Ubuntu: installs what is missing, as root or through sudo. Without either, or on
# another system, it names what is missing and fails only then. Quick when nothing is missing.
set -eu

# A package a line or a word; what it is for, where the name does not say it.
# clang and libclang-dev: bindings to C++ libraries are generated with them.
# python3-pip: fetches the ONNX Runtime wheel (docker/onnxruntime.sh).
build='ca-certificates gcc g++ make cmake pkg-config clang libclang-dev python3 python3-pip'
# Tools that only the tests start (a database server, a browser) are added here.
# postgresql: the tests start a server of their own in a temporary folder.
test="$build postgresql"
run='ca-certificates libgomp1 libstdc++6'

# Used where present. They come along when something else is installed, but are never on
# their own a reason to start apt-get: that would want a network in every offline test run.
optional_build=''
optional_test='shellcheck'
optional_run=''

# Tried for, but no reason to fail: the browser tests say so and are left out without them, and examples
# of clients run in the languages that are there.
wished_test='chromium nodejs npm curl php-cli'

say() { printf 'install.sh: %s\n' "$*" >&2; }

# library NAME: does the dynamic linker know it?
library() { PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -qF "$1"; }

libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] || library libclang || ls /usr/lib/llvm*/lib/libclang*.so* /usr/lib64/libclang*.so*
}

# usable PACKAGE: is what the package provides there, whoever installed it?
usable() {
    case $1 in
    ca-certificates)
        [ -s /etc/ssl/certs/ca-certificates.crt ] || [ -s /etc/ssl/cert.pem ] ||
            [ -s /etc/pki/tls/certs/ca-bundle.crt ]
        ;;
    gcc) command -v cc ;;
    g++) command -v c++ ;;
    pkg-config) command -v pkg-config || command -v pkgconf ;;
    libclang-dev) libclang ;;
    python3-pip) python3 -m pip --version ;;
    postgresql) command -v initdb || ls /usr/lib/postgresql/*/bin/initdb ;;
    nodejs) command -v node ;;
    php-cli) command -v php ;;
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
    libgomp1) library libgomp.so.1 ;;
    libstdc++6) library libstdc++.so.6 ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

# missing PACKAGE...: those that neither dpkg nor a look at the machine finds
missing() {
    installed=''
    if command -v dpkg-query >/dev/null 2>&1; then
        # shellcheck disable=SC2016 # the format is dpkg's, not the shell's
        installed=$(dpkg-query -W -f='${db:Status-Status}=${Package} ' "$@" 2>/dev/null || :)
    fi
    for package in "$@"; do
        case " $installed" in
        *" installed=$package "*) continue ;;
        esac
        usable "$package" || printf '%s ' "$package"
    done
}

# as_root COMMAND...: sudo may ask for a password only where there is somebody to ask
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null 2>&1; then
        return 1
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi >&2
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}

install_with_apt() {
    if ! apt_get update; then
        say 'apt-get update failed, trying once more'
        sleep 3
        apt_get update || say 'apt-get update failed again, going on with the package lists that are here'
    fi
    for package in $lacking_optional; do
        apt-cache show "$package" >/dev/null 2>&1 && lacking="$lacking$package "
    done
    # shellcheck disable=SC2086 # a list of words
    apt_get install -y --no-install-recommends $lacking
}

mode=${1:-}
wished=''
case $mode in
build) packages=$build optional=$optional_build ;;
test) packages=$test optional=$optional_test wished=$wished_test ;;
run) packages=$run optional=$optional_run ;;
*)
    printf 'usage: %s build | test | run\n' "$0" >&2
    exit 2
    ;;
esac

# shellcheck disable=SC2086 # a list of words
lacking=$(missing $packages)
# shellcheck disable=SC2086
lacking_optional=$([ -z "$optional" ] || missing $optional)

# shellcheck disable=SC2086
lacking_wished=$([ -z "$wished" ] || missing $wished)
lacking_optional="$lacking_optional$lacking_wished"

if [ -z "$lacking" ] && [ -n "$lacking_wished" ]; then
    if command -v apt-get >/dev/null 2>&1 && as_root true && install_with_apt; then
        say "$mode: installed ${lacking_wished% }"
    else
        say "$mode: ${lacking_wished% } could not be installed; what needs it will be left out"
    fi
    exit 0
fi
if [ -z "$lacking" ]; then
    say "$mode: nothing to install${lacking_optional:+ (optional and not here: ${lacking_optional% })}"
    exit 0
fi

say "$mode: missing ${lacking% }"
if ! command -v apt-get >/dev/null 2>&1; then
    say 'this system has no apt-get: install these, or what they are called here, and run this again'
    exit 1
fi
if ! as_root true; then
    say 'installing them needs root or sudo'
elif install_with_apt; then
    say "$mode: installed ${lacking% }"
    exit 0
else
    say 'the installation failed, see above'
fi
say 'ask an administrator to run:'
printf '    apt-get update && apt-get install -y --no-install-recommends %s\n' "${lacking% }" >&2
exit 1
