#!/bin/sh
# check.sh ENVIRONMENT FOLDER ARGS...: the tests of the Python package in FOLDER that pytest's ARGS say, with
# the Python of a virtual environment. 77, which ctest takes for skipped, where there is none.
set -eu
environment=$1
folder=$2
shift 2
cd "$folder/tests"
if ! "$environment/bin/python" -c 'import sklearn, pandas, pytest, hypothesis' 2>/dev/null; then
    echo "skipped: $environment lacks scikit-learn, pandas, pytest or hypothesis;" \
        './run test makes it where PyPI can be reached'
    exit 77
fi
PYTHONPATH=$folder exec "$environment/bin/python" -m pytest -q -p no:cacheprovider "$@"
