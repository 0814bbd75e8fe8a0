// The ClickHouse engine in a process of its own, driven by lines of JSON: one request a line on standard input, one answer a line
// on standard output. The benchmark that starts it reads its CPU time and memory from the kernel.
//   {"op":"query","sql":"...","format":"JSONCompactEachRow"}     -> {"ms":1.2,"text":"..."}
//   {"op":"all","statements":["..."],"parallel":2}               -> {"ms":1234.5}     statements, so many at a time
// An answer to what failed is {"error":"..."}. The process ends when its input ends.
import { createInterface } from 'node:readline';
import chdb from 'chdb';

const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: node engine.mjs DIRECTORY');
const session = new chdb.Session(directory);

async function all({ statements, parallel }) {
  let next = 0;
  const worker = async () => {
    while (next < statements.length) await session.queryAsync(statements[next++], { format: 'Null' });
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

const operations = {
  query: ({ sql, format }) => ({ text: session.query(sql, format) }),
  all: async (request) => (await all(request), {}),
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let answer;
  try {
    const request = JSON.parse(line);
    const started = performance.now();
    const result = await operations[request.op](request);
    answer = { ms: performance.now() - started, ...result };
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
session.close();
