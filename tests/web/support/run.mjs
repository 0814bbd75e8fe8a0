// Starts ./run as a newcomer does, with a data directory of its own and free ports, and asks its server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { patience } from './patience.mjs';

const script = fileURLToPath(new URL('../../../run', import.meta.url));
// The pipeline needs its time for detection, batch window and analysis, of each image after the other.
const runPatience = 5 * patience;

/** Resolves once the server of ./run listens. `options` are added to the command line, `environment` to that of this process. */
export async function startRun(options = [], environment = {}) {
  const data = await fs.mkdtemp(path.join(os.tmpdir(), 'throughline-run-'));
  const any = 'http://127.0.0.1:0';
  const child = spawn(script, ['--data', data, '--http', any, '--otlp-grpc', any, '--otlp-http', any, ...options], { cwd: os.tmpdir(), env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text));
  const exited = once(child, 'exit');
  const output = () => said.join('');

  /** Resolves with the match once a line of the output has one; rejects when ./run ends before, or says nothing of the kind and is ended for it. */
  const line = (pattern) => {
    let look, late;
    return new Promise((resolve, reject) => {
      look = () => {
        const match = output().match(pattern);
        if (match !== null) resolve(match);
      };
      child.stdout.on('data', look);
      late = setTimeout(() => {
        child.kill('SIGTERM');
        reject(new Error(`./run did not say ${pattern} within ${runPatience / 1000} s:\n${output()}`));
      }, runPatience);
      exited.then(([code]) => reject(new Error(`./run ended with ${code} before it said ${pattern}:\n${output()}`)));
      look();
    }).finally(() => {
      clearTimeout(late);
      child.stdout.off('data', look);
    });
  };
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    return exited;
  };

  let http;
  try {
    http = (await line(/^listening: http=(\S+) otlp-grpc=\S+ otlp-http=\S+$/m))[1].replace(/\/$/, '');
  } catch (problem) {
    // One that was ended for its silence takes a while to stop.
    await fs.rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
    throw problem;
  }
  const get = async (route) => {
    const response = await fetch(`${http}${route}`);
    assert.equal(response.status, 200, `${route} answered ${response.status}`);
    return response.json();
  };
  /** Asks until an answer is something else than `undefined`. */
  const until = async (what, ask) => {
    const deadline = Date.now() + runPatience;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      assert.ok(Date.now() < deadline, `no ${what} after ${runPatience / 1000} s:\n${output()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  return {
    http,
    get,
    line,
    output,
    until,
    stop,
    /**
     * A trace of the search (parameters of the API) that has all these operations, each as `operation` or `operation of service`, is `age` milliseconds old and accepted. Each
     * service sends its spans when it likes, so that a trace is complete only when the last of each service is there.
     */
    traceWith: (search, operations, { age = 0, accept = () => true } = {}) =>
      until(`trace with ${operations.join(', ')}`, async () => {
        const { traces } = await get(`/api/v1/search?${search}&traceTo=${BigInt(Date.now() - age) * 1_000_000n}`);
        for (const { traceId } of traces) {
          const trace = await get(`/api/v1/traces/${traceId}`);
          const { columns, names, services } = trace;
          const there = new Set(columns.name.flatMap((name, row) => [names[name], `${names[name]} of ${services[columns.service[row]]}`]));
          if (operations.every((operation) => there.has(operation)) && accept(trace)) return trace;
        }
        return undefined;
      }),
    async end() {
      await stop();
      await fs.rm(data, { recursive: true, force: true });
    },
  };
}
