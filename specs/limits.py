"""Upper limits of documents and experiments."""

# NASNetMobile, the largest of keras.applications that fits into PARAMETERS, has 46,000 values: 1.5 MB with indents.
DOCUMENT_BYTES = 2_000_000
DOCUMENT_DEPTH = 32
DOCUMENT_NODES = 100_000  # bounds the time of reading; a network within the other limits has fewer

PROBLEMS = 200  # listed in one answer: one for each layer of most networks

NAME_CHARACTERS = 100
NOTES_CHARACTERS = 10_000
TAGS = 20
ADDED_DATASETS = 8
TAG_CHARACTERS = 50
PRIORITY = 100  # and as much below 0
REORDERED = 1_000  # experiments in one request

LAYERS = 1_000
AUGMENTATION_LAYERS = 20
COPIES = 20  # of each image per epoch
PARAMETERS = 50_000_000
UNITS = 65_536  # also the filters of a convolution
WINDOW = 64  # rows or columns of a kernel, a pool or a stride
IMAGE_SIDE = 512
BLOBS = 1_000_000
CENTERS = 1_000
MEMORY_BYTES = 8_000_000_000

EPOCHS = 10_000
DEVICES = 64  # of one machine
STEPS = 1_000_000_000
BOUNDARIES = 100  # of a PiecewiseConstantDecay
SEED = 2**32 - 1  # the largest that numpy accepts
MINUTES = 10_080  # a week
LEARNING_RATE = 1e38  # just within float32; a training may diverge

TRIALS = 1_000  # of a sweep; TPE then takes a second for each suggestion
PARALLEL = 64
REPEATS = 20
CHOICES = 1_000
SWEEP_MINUTES = 525_600  # a year
SEARCH_BOUND = 1e38

STUDENTS = 200  # of a class
COMMENT_CHARACTERS = 5_000
RUNS = 100_000  # of a student, for an assignment
SUBMISSIONS = 50  # each tells a little of the hidden test split
POINTERS = 50
