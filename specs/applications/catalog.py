"""The applications that `model.application` knows, and the files of their ImageNet weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from specs.layers import Rescaling

ApplicationName = Literal[
    "EfficientNetLite0",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2S",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "MobileNetV3Large",
    "ResNet50V2",
    "ResNet101V2",
    "DenseNet121",
]


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """`name` as Keras has it in its cache, and as it is expected in MODELS_DIR. `url` is where Keras downloads it, None
    if it is in a package that has to be installed. `md5` and `sha256` are hexadecimal, None where nobody publishes
    one."""

    name: str
    url: str | None = None
    md5: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """`scaling` is what the application expects of pixels 0-255, None if its own first layers do that."""

    name: ApplicationName
    weights: WeightsFile
    scaling: Rescaling | None = None


_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"
_CENTERED = Rescaling(scale=1 / 127.5, offset=-1.0)
# Means and deviations of the channels in ImageNet, of pixels 0-1.
_MEANS, _DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_STANDARDIZED = Rescaling(
    scale=tuple(1 / (255 * deviation) for deviation in _DEVIATIONS),
    offset=tuple(-mean / deviation for mean, deviation in zip(_MEANS, _DEVIATIONS, strict=True)),
)


def _of_keras(name: ApplicationName, path: str, md5: str | None, scaling: Rescaling | None = None) -> Application:
    return Application(name, WeightsFile(path.rpartition("/")[2], _KERAS + path, md5), scaling)


APPLICATIONS: Mapping[ApplicationName, Application] = MappingProxyType(
    {
        application.name: application
        for application in (
            Application(
                "EfficientNetLite0",
                WeightsFile(
                    "efficientnet-lite0-57934424.pth",
                    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                ),
                Rescaling(scale=1 / 128, offset=-127 / 128),
            ),
            _of_keras(
                "EfficientNetV2B0",
                "efficientnet_v2/efficientnetv2-b0_notop.h5",
                "893217f2bb855e2983157299931e43ff",
            ),
            _of_keras(
                "EfficientNetV2B1",
                "efficientnet_v2/efficientnetv2-b1_notop.h5",
                "0e80663031ca32d657f9caa404b6ec37",
            ),
            _of_keras(
                "EfficientNetV2B2", "efficientnet_v2/efficientnetv2-b2_notop.h5", "1dfe2e7a5d45b6632553a8961ea609eb"
            ),
            _of_keras(
                "EfficientNetV2B3", "efficientnet_v2/efficientnetv2-b3_notop.h5", "f6abf7b5849ac99a89b50dd3fd532856"
            ),
            _of_keras(
                "EfficientNetV2S", "efficientnet_v2/efficientnetv2-s_notop.h5", "af0682fb74e8c54910f2d4393339c070"
            ),
            _of_keras("MobileNet", "mobilenet/mobilenet_1_0_224_tf_no_top.h5", None, _CENTERED),
            _of_keras(
                "MobileNetV2",
                "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
                None,
                _CENTERED,
            ),
            _of_keras(
                "MobileNetV3Small",
                "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
                "d3e8ec802a04aa4fc771ee12a9a9b836",
            ),
            _of_keras(
                "MobileNetV3Large",
                "mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
                "07fb09a5933dd0c8eaafa16978110389",
            ),
            _of_keras(
                "ResNet50V2",
                "resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "fac2f116257151a9d068a22e544a4917",
                _CENTERED,
            ),
            _of_keras(
                "ResNet101V2",
                "resnet/resnet101v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "c0ed64b8031c3730f411d2eb4eea35b5",
                _CENTERED,
            ),
            _of_keras(
                "DenseNet121",
                "densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "30ee3e1110167f948a6b9946edeeb738",
                _STANDARDIZED,
            ),
        )
    }
)
