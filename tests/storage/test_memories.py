from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from storage.database import Database
from storage.memories import MemoryStore
from storage.migrations import MIGRATIONS, m030_words_by_owner


async def test_the_step_to_words_by_owner_lets_each_find_their_own_turns(tmp_path: Path):
    path = tmp_path / "mynah.db"
    before = MIGRATIONS[: MIGRATIONS.index(m030_words_by_owner)]
    db = sqlcipher.connect(path, isolation_level=None)
    for step in before:
        step(db)
    db.executemany(
        "INSERT INTO memory_words (rowid, owner, said, answered) VALUES (?, ?, ?, ?)",
        [(1, "u7", "love chees", "good"), (2, "u77", "love chees", ""), (3, "u7", "hik", "chees")],
    )
    db.execute(f"PRAGMA user_version = {len(before)}")
    db.close()
    database = await Database.open(path)
    store = MemoryStore(database)

    assert list(await store.with_words(7, ["chees", "love"], limit=9)) == [1, 3]
    assert list(await store.with_words(77, ["chees"], limit=9)) == [2]
    assert await store.with_words(7, ["u77"], limit=9) == {}
    await database.close()
