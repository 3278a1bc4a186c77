from models_store.serving_info import ServingInfo


def test_what_was_published_before_there_was_a_choice_is_stretched():
    old = '{"dataset":"digits","labels":["a"],"image_shape":[8,8,1],"input_name":"image","probe":[1.0]}'
    assert ServingInfo.model_validate_json(old).resize == "stretch"
