"""pandas, where it is installed."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame


def data_frame(data: Any, **options: Any) -> "DataFrame":
    """`pandas.DataFrame(data, **options)`. Raises ImportError with the way to install pandas."""
    try:
        import pandas as pd  # noqa: PLC0415 - optional, and slow to import
    except ImportError as error:
        raise ImportError("data frames need pandas: pip install pandas") from error
    return pd.DataFrame(data, **options)
