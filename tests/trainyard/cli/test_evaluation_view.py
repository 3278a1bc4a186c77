from trainyard.cli.evaluation_view import confusion_lines, evaluation_lines


def test_confused_classes_come_most_frequent_first() -> None:
    matrix = {"labels": ["4", "6", "9"], "matrix": [[34, 0, 2], [1, 35, 0], [3, 0, 33]]}
    evaluation = {"accuracy": 0.94444, "samples": 108, "confusion_matrix": matrix}
    assert list(evaluation_lines(evaluation)) == [
        "Test accuracy 0.9444 on 108 samples kept aside",
        "  9 taken for 4: 3 of 36",
        "  4 taken for 9: 2 of 36",
        "  6 taken for 4: 1 of 36",
    ]


def test_a_perfect_network_confuses_none() -> None:
    evaluation = {"accuracy": 1.0, "samples": 2, "confusion_matrix": {"labels": ["0", "1"], "matrix": [[1, 0], [0, 1]]}}
    assert list(evaluation_lines(evaluation))[1:] == ["  none was taken for another class"]


def test_only_the_most_frequent_are_told_where_few_are_wanted() -> None:
    matrix = {"labels": ["a", "b"], "matrix": [[5, 2], [3, 4]]}
    assert list(confusion_lines({"confusion_matrix": matrix}, most=1)) == ["b taken for a: 3 of 7"]
