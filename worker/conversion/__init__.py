"""From an archive that anybody may have sent to packed images: a process of its own, without TensorFlow."""
