"""A table from one PostgreSQL into another through Arrow: what ADBC reads is what it ingests, batch by batch.

No masks, no row rule, no receipt, no comparison: what the peer leaves out is to its advantage.
"""

import os

from adbc_driver_postgresql import dbapi

with dbapi.connect(os.environ["BENCH_SOURCE"]) as source, dbapi.connect(os.environ["BENCH_TARGET"]) as target:
    with source.cursor() as read, target.cursor() as write:
        read.execute("select * from person")
        write.adbc_ingest(os.environ["BENCH_TABLE"], read.fetch_record_batch(), mode="create")
    target.commit()
