"""Why a network answered what it did."""
