"""Tables of one's own: rows are samples, columns say what is learned, from what, and whose a row is."""

from commonweal.economy.tasks.tables.items import Everything, content_of
from commonweal.economy.tasks.tables.kinds import dataset_of, is_own

__all__ = ["Everything", "content_of", "dataset_of", "is_own"]
