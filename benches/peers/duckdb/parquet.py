"""DuckDB in the bench `movement`: a table of PostgreSQL into a Parquet file, or what a table or file holds.

`parquet.py copy` writes the file `BENCH_FILE` from the table `person` of `BENCH_SOURCE`. `parquet.py digest` prints how many
rows there are and the sum of their hashes: of the file where one is named, else of the table.
"""

import glob
import os
import sys

import duckdb
import duckdb_extension_postgres_scanner

# The same types on every side, so that equal rows have equal hashes.
ROW = """hash(id::bigint, id_card::varchar, name::varchar, gender::bigint, birth_date::date, region_code::varchar, address::varchar,
    phone::varchar, income::decimal(14, 2), married::boolean, extra::varchar, created_at::timestamp, epoch_us(updated_at))"""

link = duckdb.connect(config={"allow_unsigned_extensions": "true"})
folder = os.path.dirname(duckdb_extension_postgres_scanner.__file__)
[extension] = glob.glob(os.path.join(folder, "extensions", "*", "postgres_scanner.duckdb_extension"))
file = os.environ.get("BENCH_FILE")
link.execute(f"LOAD '{extension}'")
link.execute(f"ATTACH '{os.environ['BENCH_SOURCE']}' AS source (TYPE postgres, READ_ONLY)")
if sys.argv[1] == "copy":
    link.execute(f"COPY (FROM source.public.person) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
else:
    rows = f"read_parquet('{file}')" if file else "source.public.person"
    print(*link.execute(f"SELECT count(*), sum({ROW}::hugeint) FROM {rows}").fetchone())
