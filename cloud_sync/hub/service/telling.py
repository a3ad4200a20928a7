"""What people have to say to objects: documents, orders, and the files that the broker lets them in by."""

from cloud_sync.hub.documents.publisher import Publisher
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.broker_files import BrokerFiles
from cloud_sync.hub.orders.desk import OrderDesk
from cloud_sync.hub.service.place import wall_ms
from cloud_sync.hub.service.workers import Workers
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Line


class Telling:
    """Tells the objects of a hub. `linked` is the line's callback."""

    def __init__(self, store: Store, folder: Folder) -> None:
        self._publisher = Publisher(store)
        self._orders = OrderDesk(store, wall_ms)
        self._broker_files = BrokerFiles(folder, store, wall_ms)

    def linked(self, up: bool) -> None:
        """The broker is there, or gone."""
        if up:
            self._publisher.connected()
            self._orders.connected()

    def start(self, workers: Workers, line: Line) -> None:
        """Begin; the threads end with `workers`."""
        workers.start("documents", lambda: self._publisher.work(line.publish, workers.closing))
        workers.start("orders", lambda: self._orders.work(line.publish, workers.closing))
        workers.start("broker files", lambda: self._broker_files.work(workers.closing))
