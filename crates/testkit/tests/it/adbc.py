"""What any ADBC client does with the Flight SQL door: sign in, list tables, read a schema, ask with a parameter.

Arguments: address, login, secret, table, key. Prints one JSON object; the test beside it compares.
"""

import json
import sys

import adbc_driver_flightsql.dbapi as flightsql
from adbc_driver_manager import DatabaseOptions

address, login, secret, table, key = sys.argv[1:]
signed_in = {DatabaseOptions.USERNAME.value: login, DatabaseOptions.PASSWORD.value: secret}

told = {}
with flightsql.connect(f"grpc://{address}", db_kwargs=signed_in) as connection:
    objects = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
    told["tables"] = sorted(
        found["table_name"]
        for catalog in objects
        for schema in catalog["catalog_db_schemas"] or []
        for found in schema["db_schema_tables"] or []
    )
    schema = connection.adbc_get_table_schema(table)
    told["schema"] = {field.name: str(field.type) for field in schema}
    with connection.cursor() as cursor:
        cursor.execute(f"select person_no, name from {table} where person_no = ?", (key,))
        told["rows"] = cursor.fetch_arrow_table().to_pylist()
        cursor.execute(f"select count(*) as n from {table}")
        told["count"] = cursor.fetchone()[0]
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"delete from {table}")
            cursor.fetchall()
        told["write"] = "done"
    except flightsql.Error:
        told["write"] = "refused"

try:
    with flightsql.connect(f"grpc://{address}", db_kwargs={**signed_in, DatabaseOptions.PASSWORD.value: "wrong"}) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"select name from {table}")
            cursor.fetchall()
    told["stranger"] = "let in"
except flightsql.Error:
    told["stranger"] = "refused"

print(json.dumps(told, ensure_ascii=False))
