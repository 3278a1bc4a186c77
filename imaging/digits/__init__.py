"""From any image of a digit to one as MNIST has it. numpy and Pillow alone: a model's bundle carries this code."""
