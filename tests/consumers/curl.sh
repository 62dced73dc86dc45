#!/bin/sh
# curl.sh DIST WORK OUTCOMES: runs the tests of the crate `curl` with product/curl-sys in place of its
# own bindings, which is what one line of [patch] does. Tress is linked in: DIST is not used. One test,
# `atexit`, is left out: it fetches from the Internet.
set -eu
work=$2 outcomes=$3 repository=$(realpath "$(dirname "$0")/../..")

# Fetched by the project in tests/patched, which stands on the same crate.
manifest=$(cargo metadata --manifest-path "$repository/tests/patched/Cargo.toml" --locked \
    --format-version 1 | grep -o '"manifest_path":"[^"]*/curl-0[^"/]*/Cargo.toml"' | cut -d'"' -f4)
rm -rf "$work"
mkdir -p "$work"
cp -r "${manifest%/*}/." "$work"
cd "$work"
chmod -R u+w .
cp "$repository/tests/patched/Cargo.lock" .
# The profile of that project too, so that nothing is built twice.
printf '\n[patch.crates-io]\ncurl-sys = { path = "%s/product/curl-sys" }\n\n[profile.dev]\ndebug = false\n\n[workspace]\n' \
    "$repository" >>Cargo.toml
cargo test --no-fail-fast --target-dir "$repository/target/patched" \
    --lib --test easy --test multi --test post --test protocols >log 2>&1 || true
grep -E '^(error|test result)' log
# "test name ... ok", below a line that names the program
sed -n -e 's/^ *Running [^ ]*\(unittests \)\{0,1\}[a-z]*\/\([a-z_]*\)\.rs .*/program \2/p' \
    -e 's/^test \(.*\) \.\.\. ok$/passed \1/p' -e 's/^test \(.*\) \.\.\. FAILED$/failed \1/p' \
    -e 's/^test \(.*\) \.\.\. ignored.*/skipped \1/p' log |
    awk '$1 == "program" { program = $2; next } { sub(" ", " " program "::"); print }' >"$outcomes"
