"""The `.npz` files of the datasets that Keras has, of which it publishes only `mnist.npz` itself."""

from specs.dataset.facts import Dataset


def published_shape(dataset: Dataset) -> tuple[int, ...]:
    """Of an image in Keras's arrays, which omit the axis of a single channel."""
    shape = dataset.image_shape or ()
    return shape[:2] if shape[2:] == (1,) else shape


def array_layout(dataset: Dataset) -> str:
    """Names, shapes and dtypes of the arrays, for a message."""
    sides = published_shape(dataset)
    train, test = dataset.training_samples, dataset.test_samples
    return f"x_train {(train, *sides)} uint8, y_train {(train,)}, x_test {(test, *sides)} uint8, y_test {(test,)}"


def creating_code(name: str) -> str:
    """Python without double quotes that writes `<name>.npz` into the working directory."""
    return (
        f"import keras, numpy; (a, b), (c, d) = keras.datasets.{name}.load_data(); "
        f"numpy.savez_compressed('{name}.npz', x_train=a, y_train=b, x_test=c, y_test=d)"
    )


def creation_advice(dataset: Dataset) -> str:
    """How to get the file, for a message."""
    return (
        f"it has the arrays {array_layout(dataset)}; where Keras is installed this makes it: "
        f'python -c "{creating_code(dataset.name)}"'
    )
