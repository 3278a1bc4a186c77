"""How many images of digits are read right, of those that people made and of drawn ones of every kind, and how often
what is no digit is called one with confidence.

A network is trained by a real trainer process; its images go the way of `POST /predict`, and beside it that of
`prep=none`, and of gray images inverted where their edge is light, which is what tutorials do. Images that people
made are taken from `real-digits.zip` and `real-digits-2.zip` in DATASETS_DIR, other things from `cifar10-jpeg.zip`;
what is not there is left out.

DATASETS_DIR=... python -m benchmarks.reading [PRESET [EPOCHS]] [--keep FOLDER | --model FOLDER]
"""

import argparse
import os
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zipfile import ZipFile

import numpy as np
import onnxruntime
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from imaging.decode import decode
from imaging.errors import UnreadableImage
from imaging.preparation import PreparedImage
from models_store.artifacts import ONNX_FILE
from models_store.experiments.stored_spec import StoredSpec
from models_store.models.serving_info import SERVING_FILE, ServingInfo
from serving.preparation import prepare
from serving.verdict import verdict
from specs.experiment import parse_spec
from specs.presets import PRESETS
from tests.imaging.digits.papers import KINDS
from worker.evaluation.calibration import temper
from worker.jobs.messages import Failed, Finished, TrainingJob
from worker.jobs.trainers import start_trainer

DATASETS = Path(os.environ["DATASETS_DIR"])
MAX_PIXELS = 50_000_000
DRAWN = 200
# Images that people made, by label; some of the second archive, under none/, show no single digit.
REAL, NO_DIGIT, ALL = ("real-digits.zip", "real-digits-2.zip"), "none/", "all"
REJECTED = ("several_digits", "not_a_digit")
# What is no digit in any hand.
LETTERS = "ACEFHKLMNPRTUVWXYacdefhkmnprtuvwxy"


class Network(NamedTuple):
    info: ServingInfo
    session: onnxruntime.InferenceSession

    def answers(self, arrays: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
        raw = self.session.run(None, {self.info.input_name: np.stack(arrays)})[0]
        return temper(raw, self.info.temperature)

    def verdicts(self, prepared: list[PreparedImage]) -> NDArray[np.str_]:
        surest = self.answers([each.array for each in prepared]).max(axis=1).tolist()
        return np.array(
            [
                verdict(probability, self.info.confident_from, each.finding, each.ignored_marks)
                for probability, each in zip(surest, prepared, strict=True)
            ]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Read images of digits.")
    parser.add_argument("preset", nargs="?", default="mnist-cnn", choices=[name for name in PRESETS if "mnist" in name])
    parser.add_argument("epochs", nargs="?", type=int, help="in place of the preset's own")
    parser.add_argument("--keep", type=Path, help="put the trained network into this folder")
    parser.add_argument("--model", type=Path, help="take it from there, and train none")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        staged = arguments.model or trained(arguments.preset, arguments.epochs, Path(folder))
        if arguments.keep:
            shutil.copytree(staged, arguments.keep)
        report(loaded(staged))


def trained(preset: str, epochs: int | None, folder: Path) -> Path:
    training = PRESETS[preset].spec["training"] | ({"epochs": epochs} if epochs else {})
    spec = parse_spec({**PRESETS[preset].spec, "training": training})
    attempt = folder / "1"
    attempt.mkdir()
    trainer = start_trainer()
    try:
        trainer.assign(
            TrainingJob(
                experiment_id=preset,
                spec=StoredSpec.of(spec),
                attempts_folder=folder,
                attempt_folder=attempt,
                datasets_dir=DATASETS,
            )
        )
        while not trainer.has_ended:
            for event in trainer.receive(1.0):
                if isinstance(event, Failed):
                    raise SystemExit(event.failure.message)
                if isinstance(event, Finished):
                    accuracies = event.result.metrics["val_accuracy"], event.result.test_metrics["accuracy"]
                    print(f"{preset}: validation {accuracies[0]:.4f}, test {accuracies[1]:.4f}\n")
                    return event.result.staged
    finally:
        trainer.kill()
    raise SystemExit("the trainer ended without having finished; its log is above")


def loaded(folder: Path) -> Network:
    info = ServingInfo.model_validate_json((folder / SERVING_FILE).read_bytes())
    return Network(info, onnxruntime.InferenceSession(folder / ONNX_FILE, providers=["CPUExecutionProvider"]))


def report(network: Network) -> None:
    threshold, error_rate = network.info.confident_from, network.info.confident_error_rate
    print(f"confident from {threshold:.3f} on; of such answers {error_rate:.4f} were wrong on the validation split\n")
    print("| digits | images | read right | prep=none | inverted | confident | of these wrong | not_a_digit |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, images, truth in collections():
        read(network, kind, images, np.array(truth))
    print("\n| no digits | images | confident | not_a_digit |\n|---|---|---|---|")
    for kind, images in others():
        confident, rejected = verdicts(network, images)
        print(f"| {kind} | {len(images)} | {confident.mean():.3f} | {rejected.mean():.3f} |", flush=True)


def read(network: Network, kind: str, images: list[bytes], truth: NDArray[np.int64]) -> None:
    info = network.info
    prepared = [prepare(data, info, MAX_PIXELS) for data in images]
    answers = network.answers([each.array for each in prepared])
    right = answers.argmax(axis=1) == truth
    given = network.verdicts(prepared)
    confident = given == "confident"
    plain = network.answers([prepare(data, info, MAX_PIXELS, "none").array for data in images])
    inverted = network.answers([inverted_where_light(data, info) for data in images])
    print(
        f"| {kind} | {len(truth)} | {right.mean():.3f} | {(plain.argmax(axis=1) == truth).mean():.3f} "
        f"| {(inverted.argmax(axis=1) == truth).mean():.3f} | {confident.mean():.3f} "
        f"| {int((confident & ~right).sum())} | {int(np.isin(given, REJECTED).sum())} |",
        flush=True,
    )


def inverted_where_light(data: bytes, info: ServingInfo) -> NDArray[np.uint8]:
    array = prepare(data, info, MAX_PIXELS, "none").array
    edge = np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])
    return 255 - array if edge.mean() > 127 else array


def verdicts(network: Network, images: list[bytes]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    prepared = [prepare(data, network.info, MAX_PIXELS) for data in images]
    given = network.verdicts(prepared)
    return given == "confident", np.isin(given, REJECTED)


# -- images ----------------------------------------------------------------------------------------------------------


def collections() -> Iterator[tuple[str, list[bytes], list[int]]]:
    """Kind, files and labels: those that people made, then drawn ones, each of a digit of MNIST's test split."""
    for archive in REAL:
        if (DATASETS / archive).exists():
            yield from made_by_people(archive)
    with np.load(DATASETS / "mnist.npz") as file:
        digits, labels = file["x_test"], file["y_test"]
    for number, (kind, make) in enumerate(KINDS.items()):
        generator = np.random.default_rng(number)
        chosen = range(number * DRAWN, (number + 1) * DRAWN)
        yield kind, [as_png(make(digits[index], generator)) for index in chosen], [int(labels[i]) for i in chosen]


def made_by_people(archive_name: str) -> Iterator[tuple[str, list[bytes], list[int]]]:
    files = {name: data for name, data in files_of(archive_name).items() if not name.startswith(NO_DIGIT)}
    kinds = {name: Path(name).stem.split("_")[1] for name in files}
    for kind in (*sorted(set(kinds.values())), ALL):
        names = [name for name in files if kind in (kinds[name], ALL)]
        yield f"{archive_name}: {kind}", [files[name] for name in names], [int(name.split("/")[0]) for name in names]


def files_of(archive_name: str) -> dict[str, bytes]:
    with ZipFile(DATASETS / archive_name) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def is_readable(data: bytes) -> bool:
    try:
        return decode(data, MAX_PIXELS) is not None
    except UnreadableImage:
        return False


def others() -> Iterator[tuple[str, list[bytes]]]:
    yield "letters of fonts", list(letters())
    generator = np.random.default_rng(0)
    yield (
        "noise",
        [as_png(generator.integers(0, 256, (side, side), dtype=np.uint8)) for side in (28, 64, 200) for _ in range(50)],
    )
    yield "blank paper", [as_png(np.full((90, 60), shade, np.uint8)) for shade in range(0, 256, 5)]
    for name in REAL:
        if (DATASETS / name).exists():
            images = [data for member, data in files_of(name).items() if member.startswith(NO_DIGIT)]
            if readable := [data for data in images if is_readable(data)]:
                yield f"{name}: no single digit", readable
    archive = DATASETS / "cifar10-jpeg.zip"
    if archive.exists():
        with ZipFile(archive) as opened:
            names = [name for name in opened.namelist() if name.startswith("test/") and name.endswith(".jpg")]
            yield "images of things", [opened.read(name) for name in names[::25]]


def letters() -> Iterator[bytes]:
    fonts = {font.name: font.fname for font in font_manager.fontManager.ttflist if font.name.startswith("DejaVu")}
    for file in fonts.values():
        font = ImageFont.truetype(file, 90)
        for letter in LETTERS:
            paper = Image.new("L", (140, 140), 255)
            ImageDraw.Draw(paper).text((30, 15), letter, font=font, fill=20)
            yield as_png(np.asarray(paper))


def as_png(pixels: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    assert decode(file.getvalue(), MAX_PIXELS)
    return file.getvalue()


if __name__ == "__main__":
    main()
