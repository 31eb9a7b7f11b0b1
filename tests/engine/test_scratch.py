"""What does not fit into memory goes to the folder, and nobody can read it there."""

from weihu.engine.scratch import scratch


def test_what_spills_is_encrypted_and_comes_back(tmp_path):
    with scratch(tmp_path / "spill", threads=1) as database:
        database.execute("SET memory_limit = '60MB'; SET preserve_insertion_order = false")
        database.execute(
            "CREATE TABLE people AS SELECT i, 'Zhang San ' || md5(i::VARCHAR) AS name FROM range(1500000) t(i)"
        )
        spilled = [path.read_bytes() for path in (tmp_path / "spill").iterdir()]
        assert sum(map(len, spilled)) > 1_000_000
        assert not any(b"Zhang San" in content for content in spilled)
        assert database.execute("SELECT count(DISTINCT name) FROM people").fetchall() == [(1_500_000,)]
