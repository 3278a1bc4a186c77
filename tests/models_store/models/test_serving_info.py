import pytest

from models_store.models.serving_info import ServingInfo


def test_info_without_resize_stretches() -> None:
    old = '{"dataset":"digits","labels":["a"],"image_shape":[8,8,1],"input_name":"image","probe":[1.0]}'
    assert ServingInfo.model_validate_json(old).resize == "stretch"


@pytest.mark.parametrize(
    ("dataset", "form"),
    [("mnist", "centered"), ("mnist-corrections", "centered"), ("digits-corrections", "filling"), ("cifar10", None)],
)
def test_digit_form_of_corrections_is_that_of_source(dataset: str, form: str | None) -> None:
    info = ServingInfo(dataset=dataset, labels=("a",), image_shape=(28, 28, 1), input_name="image", probe=(1.0,))
    assert info.digit_form == form
