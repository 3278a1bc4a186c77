"""Fills the store of a real service with what is hard to show: long names, many classes, every status, no image."""

from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np

from models_store.datasets.claim import ConversionClaim
from models_store.datasets.record import DatasetStatus, FilesDone
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.points import MetricValues
from models_store.experiments.record import Progress
from models_store.jobs.failure import Failure
from models_store.jobs.workers import Device, MemoryUse, Worker
from models_store.store import Store
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from tests.page.shots import documents
from tests.page.shots.curves import broken_point, curve
from tests.page.shots.documents import DENSE, KOREAN, KOREAN_NOTES, LONG, MANY_TAGS, NOTES, UNBREAKABLE, JsonObject
from tests.page.shots.sweeps import fill_sweeps
from tests.page.shots.uploads import HUNDRED, TWO, shape_archive
from tests.page.trained import digits_network
from tests.support.archives import zip_of
from tests.support.published import results_on, stage
from tests.support.service import ROOT, Service
from tests.support.waiting import eventually
from worker.evaluation.evaluate import Results

MANY = 240
_GB = 1_000_000_000
_H200 = Device(
    kind="gpu", name="NVIDIA H200 NVL 141GB HBM3e", memory=MemoryUse(used_bytes=96 * _GB, total_bytes=141 * _GB)
)
_CPU = Device(kind="cpu", name="Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz")
_MACHINES = (
    Worker(
        name="lab-gpu-07.research.example.org:48213",
        hostname="lab-gpu-07.research.example.org",
        pid=48213,
        device=_H200,
        cores=192,
        memory=MemoryUse(used_bytes=1_480 * _GB, total_bytes=1_500 * _GB),
        trainer_bytes=61 * _GB,
    ),
    Worker(
        name="교실-12번:991",
        hostname="교실-12번",
        pid=991,
        device=_CPU,
        cores=2,
        memory=MemoryUse(used_bytes=5 * _GB, total_bytes=16 * _GB),
        trainer_bytes=700_000_000,
    ),
    Worker(name="laptop:7", hostname="laptop", pid=7),
)
WORKERS = tuple(worker.name for worker in _MACHINES)
_DAYS = 60


class Material:
    """`ids` are runs by the name under which the screenshots ask for them."""

    def __init__(self, service: Service, store: Store) -> None:
        self.service = service
        self.store = store
        self.ids: dict[str, str] = {}
        self._random = np.random.default_rng(7)
        self._age = timedelta(days=_DAYS)

    def fill(self) -> None:
        """Train first: what is queued later has to wait."""
        self._train()
        self._ask()
        self._publish_sweep()
        self._publish_family()
        self._end_badly()
        self._publish_repeats()
        self._add_webhooks()
        assert self.service.http.patch("/datasets/blobs", json={"hide_test": True}).is_success
        self.ids |= fill_sweeps(self.store, WORKERS[0])
        self._leave_unfinished()

    def beat(self) -> None:
        """Show the workers as alive, for the 15 s after which they leave."""
        for worker in _MACHINES:
            self.store.workers.beat(worker)

    # -- by a worker ---------------------------------------------------------------------------------------------------

    def _train(self) -> None:
        """Upload datasets and train small runs, all the way that users go."""
        worker = self.service.start_worker()
        self._upload("hundred-classes", shape_archive(HUNDRED, (32, 32), 8, 2))
        self._upload("butterflies", shape_archive(TWO, (96, 64), 30, 12))
        self._upload("not-images", zip_of({"cats/readme.txt": b"no image", "dogs/readme.txt": b"nor this"}))
        labels = {"notes": NOTES, "tags": list(MANY_TAGS)}
        good = self._train_on("digits", LONG, {"preset": "digits-cnn"}, labels, epochs=12)
        self.ids["good"] = good
        self.ids["one epoch"] = self._train_on("digits", "one epoch", DENSE, epochs=1)
        self.ids["hundred"] = self._train_on(
            "hundred-classes", "one hundred classes", documents.convolutional(24), epochs=6
        )
        self.ids["two"] = self._train_on(
            "butterflies", KOREAN, documents.convolutional(8), {"notes": KOREAN_NOTES}, epochs=4
        )
        self.ids["points"] = self._train_on("blobs", "points in a plane", {"preset": "blobs-mlp"}, epochs=5)
        steep = {"type": "SGD", "learning_rate": 1e20}
        self.ids["diverged"] = self._train_on(
            "digits", UNBREAKABLE, documents.convolutional(8), epochs=6, optimizer=steep
        )
        better = {"based_on": good, "notes": KOREAN_NOTES, "tags": ["3주차"]}
        self.ids["better"] = self._train_on(
            "digits", KOREAN, documents.convolutional(16), better, epochs=10, batch_size=32
        )
        self._correct()
        self.service.kill(worker)

    def _upload(self, name: str, archive: bytes) -> None:
        answer = self.service.http.post(f"/datasets?name={name}", content=archive)
        assert answer.status_code == 202, answer.text

    def _train_on(
        self, dataset: str, name: str, model: JsonObject, labels: JsonObject | None = None, **training: Any
    ) -> str:
        eventually(lambda: dataset in DATASETS or self.store.datasets.get(dataset).status is DatasetStatus.READY)
        document = {"name": name, "dataset": {"name": dataset}, "model": model, "training": training, **(labels or {})}
        if dataset != "blobs":
            document["preprocessing"] = {"scale": "unit"}
        id_ = self.service.post(document)
        self.service.wait_for_end(id_)
        self._date(id_, 5)
        return id_

    def _correct(self) -> None:
        """Label some answers, which become a dataset of corrections."""
        for label, image in (("4", "four.png"), ("2", "two.png"), ("0", "zero.png")):
            prediction = self._predict((ROOT / "examples" / "images" / image).read_bytes())
            path = f"/predictions/{prediction['predictions'][0]['id']}/label"
            assert self.service.http.post(path, json={"label": label}).is_success
        eventually(lambda: self.store.datasets.get("digits-corrections").status is DatasetStatus.READY)

    def _predict(self, image: bytes) -> JsonObject:
        answer = self.service.http.post("/predict?dataset=digits", content=image, headers={"content-type": "image/png"})
        assert answer.status_code == 200, answer.text
        predictions: JsonObject = answer.json()
        return predictions

    def _ask(self) -> None:
        """Give the view Serving something to count, and pin a model."""
        image = (ROOT / "examples" / "images" / "four.png").read_bytes()
        for _ in range(60):
            self._predict(image)
        for _ in range(3):
            self.service.http.post(
                "/predict?dataset=digits", content=b"no image", headers={"content-type": "image/png"}
            )
        pin = self.service.http.put("/models/serving/butterflies", json={"experiment_id": self.ids["two"]})
        assert pin.status_code == 200, pin.text

    # -- without a worker ----------------------------------------------------------------------------------------------

    def _publish_sweep(self) -> None:
        for index in range(MANY):
            document, accuracy = documents.sweep(index, self._random)
            id_ = self._publish(document, accuracy)
            self.ids[f"sweep {index}"] = id_
            if index % 17 == 0:
                self.store.experiments.edit(id_, {"star": True})

    def _publish_family(self) -> None:
        """A run of 1,000 epochs, and a family of runs each based on another."""
        self.ids["thousand"] = self._publish(documents.on_digits("one thousand epochs", epochs=1000), 0.97)
        parent: str | None = self.ids["good"]
        for step in range(9):
            labels = {"based_on": parent, "notes": KOREAN_NOTES if step % 2 else NOTES}
            name = (LONG, KOREAN, UNBREAKABLE, f"step {step}")[min(step, 3)]
            id_ = self._publish(documents.on_digits(name, labels=labels, epochs=step + 3), 0.55 + 0.045 * step)
            if step % 3 == 1:
                labels = {"based_on": parent, "notes": "A branch that led to nothing."}
                self._publish(documents.on_digits(f"branch {step}", labels=labels, epochs=2), 0.5)
            parent = id_
        self.ids["last step"] = id_

    def _publish_repeats(self) -> None:
        """Train a spec with five seeds: one fails, one still waits."""
        spec = parse_spec(documents.on_digits(LONG, epochs=8))
        records = self.store.groups.create(spec, 5, None, b"", {})
        self.ids["repeat"], self.ids["group"] = records[0].id, str(records[0].group)
        for record, accuracy in zip(records[:4], (0.93, 0.95, 0.94, None), strict=True):
            claim = TrainingClaim.acquire(self.store.training_jobs, record.id, worker=WORKERS[2])
            assert claim is not None
            if accuracy is None:
                claim.begin_history([])
                claim.fail(Failure(type="out_of_memory", message="the trainer was killed at 7.9 GB"))
            else:
                self._succeed(claim, accuracy)

    def _add_webhooks(self) -> None:
        """None of them can be reached."""
        for path in ("trainyard", f"{UNBREAKABLE.lower()}/messages"):
            webhook = self.service.http.post("/webhooks", json={"url": f"https://hooks.invalid/{path}"}).json()
            assert self.service.http.post(f"/webhooks/{webhook['id']}:test").is_success

    def _publish(self, document: JsonObject, accuracy: float) -> str:
        claim = self._claim(document)
        self._succeed(claim, accuracy)
        return claim.id

    def _succeed(self, claim: TrainingClaim, accuracy: float) -> None:
        spec = self.store.spec_of(claim.record)
        points = curve(spec.training.epochs, accuracy, self._random)
        claim.begin_history(points)
        results = _results(max(0.1, round(accuracy - 0.1, 1)))
        folder = claim.attempt_folder / "staged"
        stage(folder, results=results, network=digits_network(), confident_from=0.5)
        metrics: MetricValues = {"val_accuracy": round(accuracy, 4), "val_loss": round(1.1 - accuracy, 4)}
        claim.succeed(folder, "completed", points[-1], metrics, results.summary("test"))
        self._date(claim.id, spec.training.epochs * float(self._random.uniform(0.3, 9)))

    def _end_badly(self) -> None:
        broken = curve(20, 0.9, self._random)[:9] + [broken_point(epoch) for epoch in range(9, 12)]
        for name, points, failure in (
            ("nan", broken, Failure(type="diverged", message="diverged: the loss became nan in epoch 10")),
            ("internal", [], Failure(type="internal", message=documents.INTERNAL)),
            ("memory", broken[:3], Failure(type="out_of_memory", message="the trainer was killed at 7.9 GB")),
        ):
            claim = self._claim(documents.on_digits(f"{UNBREAKABLE[:60]} {name}", epochs=20))
            claim.begin_history(points)
            claim.fail(failure)
            self.ids[name] = claim.id
            self._date(claim.id, 200)
        claim = self._claim(documents.on_digits("cancelled in epoch 8", epochs=40))
        claim.begin_history(broken[:7])
        claim.cancel()
        self.ids["cancelled"] = claim.id
        self._date(claim.id, 65)

    def _leave_unfinished(self) -> None:
        points = curve(120, 0.93, self._random)[:47]
        for worker, name, progress in (
            (
                0,
                KOREAN,
                Progress(
                    phase="training",
                    epoch=47,
                    epochs=120,
                    step=512,
                    steps_per_epoch=1875,
                    steps_per_second=213.4,
                    eta_seconds=4271,
                ),
            ),
            (1, "starting", Progress(phase="starting")),
            (0, UNBREAKABLE, Progress(phase="evaluating", epoch=120, epochs=120)),
        ):
            claim = self._claim(documents.on_digits(name, epochs=120), WORKERS[worker])
            claim.begin_history([] if progress.phase == "starting" else points)
            claim.show(progress)
            self.ids[f"running {progress.phase}"] = claim.id
        for index in range(14):
            name = (LONG, KOREAN, UNBREAKABLE)[index] if index < 3 else f"waits {index}"
            spec = parse_spec(documents.on_digits(name, epochs=5))
            self.ids[f"queued {index}"] = self.store.experiments.create(spec).id
        self._upload("flowers-of-the-botanical-garden-2026-unsorted-raw", shape_archive(TWO, (20, 20), 2, 1))
        self._upload("half-converted", shape_archive(TWO, (20, 20), 2, 1))
        conversion = ConversionClaim.acquire(self.store.conversion_jobs, "half-converted", worker=WORKERS[2])
        assert conversion is not None
        conversion.show(FilesDone(done=31_207, total=60_000))

    def _claim(self, document: JsonObject, worker: str = WORKERS[2]) -> TrainingClaim:
        record = self.store.experiments.create(parse_spec(document))
        claim = TrainingClaim.acquire(self.store.training_jobs, record.id, worker=worker)
        assert claim is not None
        return claim

    def _date(self, id_: str, seconds: float) -> None:
        """Move an ended run into the past, each a little less far than the one before, with a duration."""
        self._age -= self._age / (MANY / 2)
        with self.store.experiments.lock(id_, seconds=30) as record:
            created = record.created_at - self._age
            started = created + timedelta(seconds=4)
            ended = started + timedelta(seconds=seconds)
            self.store.experiments.write(record.replace(created_at=created, started_at=started, ended_at=ended))


@cache
def _results(accuracy: float) -> Results:
    return results_on(DATASETS["digits"], accuracy, seed=round(100 * accuracy))
