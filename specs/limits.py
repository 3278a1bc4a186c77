"""The largest of everything that an experiment may ask for."""

DOCUMENT_BYTES = 1_000_000
DOCUMENT_DEPTH = 32
DOCUMENT_NODES = 20_000

PROBLEMS = 20  # listed in one answer; whoever has more has made the same mistake many times

NAME_CHARACTERS = 100
NOTES_CHARACTERS = 10_000
TAGS = 20
TAG_CHARACTERS = 50

LAYERS = 200
AUGMENTATION_LAYERS = 20
COPIES = 20  # of an image in an epoch
PARAMETERS = 50_000_000
UNITS = 65_536  # also the filters of a convolution
WINDOW = 64  # rows or columns of a kernel, a pool or a stride
IMAGE_SIDE = 512
BLOBS = 1_000_000
CENTERS = 1_000
MEMORY_BYTES = 8_000_000_000

EPOCHS = 10_000
STEPS = 1_000_000_000
BOUNDARIES = 100  # of a learning rate that goes by steps
SEED = 2**32 - 1  # numpy takes no larger one
MINUTES = 10_080  # a week
LEARNING_RATE = 1e38  # just within float32; a run that diverges is a lesson, not a fault
