#!/bin/sh
# Finds a Python that is new enough and hands the task to scripts/setup.py.
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
for name in "${MATINEE_PYTHON:-}" python3.13 python3.12 python3.11 python3.14 python3 python; do
    [ -n "$name" ] || continue
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$name" "$here/scripts/setup.py" "$@"
    fi
done
echo "Matinee needs Python 3.11 or newer: install it (Debian and Ubuntu: apt install python3 python3-venv), or name one in MATINEE_PYTHON." >&2
exit 1
