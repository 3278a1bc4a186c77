"""From an archive that anybody may have sent to packed pictures: a process of its own, without TensorFlow."""
