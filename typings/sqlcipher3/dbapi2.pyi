# sqlcipher3 ships no types; its classes have the shape of the standard library's, but are not its subclasses.
import sqlite3
from os import PathLike

sqlite_version: str

class Error(Exception): ...
class DatabaseError(Error): ...
class OperationalError(DatabaseError): ...
class IntegrityError(DatabaseError): ...
class Row(sqlite3.Row): ...

def connect(
    database: str | PathLike[str],
    *,
    timeout: float = 5.0,
    isolation_level: str | None = "",
    check_same_thread: bool = True,
    uri: bool = False,
) -> sqlite3.Connection: ...
