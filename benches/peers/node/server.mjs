// The lookup of the bench `serve` as it is usually built on Node: the same row, the same mask, nothing else.
// No permission, no quota, no receipt: what the peer leaves out is to its advantage.
import cluster from "node:cluster";
import http from "node:http";
import process from "node:process";
import pg from "pg";

const WORKERS = 2;

// Dates stay the text that PostgreSQL sends; date-times get the T of JSON.
pg.types.setTypeParser(1082, (text) => text);
pg.types.setTypeParser(1114, (text) => text.replace(" ", "T"));

function keepEnds(text, head, tail) {
  if (text === null) return null;
  const all = Array.from(text);
  if (all.length <= head + tail) return "*".repeat(all.length);
  return all.slice(0, head).join("") + "*".repeat(all.length - head - tail) + all.slice(-tail).join("");
}

function serve() {
  const pool = new pg.Pool({ connectionString: process.env.BENCH_POSTGRES, min: 16, max: 16, idleTimeoutMillis: 0 });
  const head = "/records/";
  const server = http.createServer(async (request, response) => {
    if (!request.url.startsWith(head)) {
      response.writeHead(404).end();
      return;
    }
    try {
      const key = decodeURIComponent(request.url.slice(head.length));
      const { rows } = await pool.query({ name: "record", text: process.env.BENCH_SELECT, values: [key] });
      if (rows.length === 0) {
        response.writeHead(404).end();
        return;
      }
      rows[0].phone = keepEnds(rows[0].phone, 3, 4);
      const body = JSON.stringify(rows[0]);
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
      response.end(body);
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  });
  server.listen(Number(process.env.BENCH_PORT), "127.0.0.1");
}

if (cluster.isPrimary) {
  for (let n = 0; n < WORKERS; n += 1) cluster.fork();
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers)) worker.kill();
    process.exit(0);
  });
} else {
  serve();
}
